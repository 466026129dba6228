/* probe.c -- the first bytes, and in a JPEG the walk over its segments to the frame header.
 * Source: ITU-T T.81 (JPEG), annex B; the PNG specification, chunk IHDR. */
#include "data/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "parallel/interrupt.h"
#include "parallel/pool.h"

enum { MAX_SEGMENTS = 1000 }; /* and pieces of what stands between them, together */

static unsigned big16(const unsigned char *p) { return (unsigned)p[0] << 8 | p[1]; }
static unsigned big32(const unsigned char *p) { return big16(p) << 16 | big16(p + 2); }

static bool read_at(int fd, off_t at, void *into, size_t n) {
  ssize_t got = pread(fd, into, n, at);
  return got == (ssize_t)n;
}

static void probe_png(const unsigned char *p, size_t n, rm_image_info *info) {
  if (n < 26 || memcmp(p + 12, "IHDR", 4) != 0) return;
  info->width = big32(p + 16);
  info->height = big32(p + 20);
  info->bits = p[24];
  info->channels = p[25] == 0 || p[25] == 4 ? 1 : 3;
  info->is_image = info->width > 0 && info->height > 0;
}

/* SOF0 to SOF15 but for DHT (C4), JPG (C8) and DAC (CC), which lie among them. */
static bool is_frame(unsigned marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/* Moves *at to a marker: 0xff and a byte that is neither 0 nor 0xff. What stands before it is skipped, as libjpeg does. */
static bool next_marker(int fd, off_t *at, int *steps) {
  unsigned char p[512];
  while (++*steps < MAX_SEGMENTS) {
    ssize_t n = pread(fd, p, sizeof p, *at);
    if (n < 2) return false;
    for (ssize_t i = 0; i + 1 < n; i++)
      if (p[i] == 0xff && p[i + 1] != 0xff && p[i + 1] != 0) {
        *at += i;
        return true;
      }
    *at += n - 1; /* the last may be a marker's first */
  }
  return false;
}

static void probe_jpeg(int fd, rm_image_info *info) {
  unsigned char p[10];
  off_t at = 2;
  for (int steps = 0; next_marker(fd, &at, &steps) && read_at(fd, at, p, 4);) {
    if (p[1] == 0x01 || (p[1] >= 0xd0 && p[1] <= 0xd8)) { /* without contents */
      at += 2;
      continue;
    }
    if (is_frame(p[1])) {
      if (!read_at(fd, at, p, 10)) return;
      info->bits = p[4];
      info->height = big16(p + 5);
      info->width = big16(p + 7);
      info->channels = p[9];
      info->is_image = info->width > 0 && info->height > 0;
      return;
    }
    if (big16(p + 2) < 2) return;
    at += 2 + (off_t)big16(p + 2);
  }
}

static void probe(const char *path, rm_image_info *info) {
  unsigned char head[RM_KIND_HEAD];
  struct stat st;
  memset(info, 0, sizeof *info);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  ssize_t n = fd >= 0 && fstat(fd, &st) == 0 ? pread(fd, head, sizeof head, 0) : -1;
  if (n < 0) info->reason = errno;
  else {
    info->kind = rm_kind_of_bytes(head, (size_t)n, (size_t)st.st_size);
    if (strcmp(info->kind.name, "png") == 0) probe_png(head, (size_t)n, info);
    if (strcmp(info->kind.name, "jpeg") == 0) probe_jpeg(fd, info);
  }
  if (fd >= 0) close(fd);
}

typedef struct {
  const char *const *paths;
  rm_image_info *infos;
} probe_job;

static void probe_range(void *ctx, size_t begin, size_t end) {
  probe_job *job = ctx;
  for (size_t i = begin; i < end && !rm_broken(); i++) probe(job->paths[i], &job->infos[i]);
}

void rm_images_probe(size_t n, const char *const paths[], rm_image_info infos[]) {
  probe_job job = {paths, infos};
  rm_parallel(n, 16, probe_range, &job);
}
