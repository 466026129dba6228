/* launcher.c -- see launcher.h.
 *
 * mpirun of Open MPI sets OMPI_COMM_WORLD_SIZE; that of MPICH (Hydra) sets PMI_SIZE. A library that was not started by
 * its own launcher sees a world of one process each, so the right plugin must be taken, not any. */
#define _GNU_SOURCE
#include "dist/launcher.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  const char *size, *rank; /* variables of the environment */
  const char *plugin;      /* file */
  const char *name, *package;
} launcher;

static const launcher launchers[] = {
    {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "mpi-openmpi.so", "Open MPI", "libopenmpi-dev"},
    {"PMI_SIZE", "PMI_RANK", "mpi-mpich.so", "MPICH", "libmpich-dev"},
};

/* A whole number from the environment, or `def`. */
static int number(const char *variable, int def) {
  const char *text = getenv(variable);
  char *end;
  long n = text ? strtol(text, &end, 10) : 0;
  return text && *text && !*end && n >= 0 && n < INT_MAX ? (int)n : def;
}

static const launcher *present(void) {
  for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++)
    if (number(launchers[i].size, 1) > 1) return &launchers[i];
  return NULL;
}

int rm_launcher_size(void) {
  const launcher *l = present();
  return l ? number(l->size, 1) : 1;
}

int rm_launcher_rank(void) {
  const launcher *l = present();
  return l ? number(l->rank, 0) : 0;
}

/* The folder of a file, in place. */
static void cut_name(char *path) {
  char *slash = strrchr(path, '/');
  if (slash) *slash = '\0';
  else snprintf(path, 2, ".");
}

/* Looks for the plugin around what this code is part of: a program, or a module that one has loaded. */
static bool find(const char *plugin, char path[], size_t room) {
  static const char *const places[] = {"lib/resmoon", ".", "../lib/resmoon", "../../resmoon"};
  char home[2][PATH_MAX] = {"", ""};
  Dl_info self;
  ssize_t n = readlink("/proc/self/exe", home[0], sizeof home[0] - 1);
  home[0][n > 0 ? n : 0] = '\0';
  if (dladdr((void *)(uintptr_t)rm_launcher_join, &self) && self.dli_fname)
    snprintf(home[1], sizeof home[1], "%s", self.dli_fname);
  for (size_t h = 0; h < 2; h++) {
    if (!home[h][0]) continue;
    cut_name(home[h]);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
      int length = snprintf(path, room, "%s/%s/%s", home[h], places[i], plugin);
      if (length > 0 && (size_t)length < room && access(path, R_OK) == 0) return true;
    }
  }
  return false;
}

static void leave_environment(void) {
  for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
    unsetenv(launchers[i].size);
    unsetenv(launchers[i].rank);
  }
}

rm_status rm_launcher_join(rm_transport *out, rm_error *err) {
  const launcher *l = present();
  char path[2 * PATH_MAX], reason[400] = "";
  if (!l) return rm_fail(err, RM_ERR_STATE, "dist: no launcher started this process");
  int size = number(l->size, 1);
  if (!find(l->plugin, path, sizeof path))
    return rm_fail(err, RM_ERR_STATE,
                   "started by mpirun (%s) as %d processes, but this ResMoon was built without %s: all %d would do the "
                   "same work; install %s and build again, or start it without mpirun",
                   l->name, size, l->name, size, l->package);
  /* Open MPI loads more parts of itself later, which look for its names among the global ones. */
  void *plugin = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  if (!plugin)
    return rm_fail(err, RM_ERR_STATE, "started by mpirun (%s), which cannot be used: %s", l->name, dlerror());
  rm_transport_open_fn open = (rm_transport_open_fn)(uintptr_t)dlsym(plugin, "rm_transport_open");
  if (!open) return rm_fail(err, RM_ERR_STATE, "%s is no plugin of ResMoon", path);
  if (open(RM_TRANSPORT_VERSION, out, reason, sizeof reason) != 0)
    return rm_fail(err, RM_ERR_STATE, "started by mpirun (%s), which cannot be used: %s", l->name, reason);
  if (out->size != size)
    return rm_fail(err, RM_ERR_STATE, "mpirun (%s) started %d processes, but its library knows %d", l->name, size,
                   out->size);
  leave_environment();
  return RM_OK;
}
