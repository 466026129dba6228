/* mpi.c -- the plugin: transport.h by MPI. It is no part of the program: mpicc makes a shared object of it, one for
 * each MPI library that is installed.
 *
 * Open MPI's header gives pointers for requests, MPICH's gives integers; both fit into 64 bits. */
#include "dist/transport.h"

#include <mpi.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(MPI_Request) <= sizeof(uint64_t), "a request is kept in 64 bits");

static MPI_Comm world; /* of our own: messages of a script that uses MPI itself do not meet ours */

static int started(int failure, MPI_Request made, uint64_t *request) {
  *request = 0;
  memcpy(request, &made, sizeof made);
  return failure;
}

static int send(int peer, int tag, const void *data, size_t bytes, uint64_t *request) {
  MPI_Request made = MPI_REQUEST_NULL;
  int failure = MPI_Isend(data, (int)bytes, MPI_BYTE, peer, tag, world, &made);
  return started(failure, made, request);
}

static int receive(int peer, int tag, void *data, size_t bytes, uint64_t *request) {
  MPI_Request made = MPI_REQUEST_NULL;
  int failure = MPI_Irecv(data, (int)bytes, MPI_BYTE, peer, tag, world, &made);
  return started(failure, made, request);
}

static int test(uint64_t *request, int *done) {
  MPI_Request made;
  memcpy(&made, request, sizeof made);
  int failure = MPI_Test(&made, done, MPI_STATUS_IGNORE);
  return started(failure, made, request);
}

static void describe(int failure, char *text, size_t size) {
  char said[MPI_MAX_ERROR_STRING];
  int length = 0;
  if (MPI_Error_string(failure, said, &length) != MPI_SUCCESS) length = 0;
  snprintf(text, size, "%.*s", length, said);
}

static void end_all(int status) { MPI_Abort(MPI_COMM_WORLD, status); }

static void finish(void) {
  int over = 0;
  MPI_Finalized(&over);
  if (!over) MPI_Finalize();
}

/* "Open MPI v4.1.4, ..." or "MPICH Version: 4.0.2 ...": up to the first comma or line's end. */
static void name_library(char *text, size_t size) {
  char said[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  MPI_Get_library_version(said, &length);
  said[strcspn(said, ",\n")] = '\0';
  for (char *c = said; *c; c++)
    if (*c == '\t') *c = ' ';
  snprintf(text, size, "%.*s", (int)size - 1, said);
}

int rm_transport_open(int version, rm_transport *out, char *reason, size_t size) {
  int level = 0, begun = 0;
  if (version != RM_TRANSPORT_VERSION) {
    snprintf(reason, size, "the plugin is of another version (%d, expected %d)", RM_TRANSPORT_VERSION, version);
    return 1;
  }
  MPI_Initialized(&begun);
  if (!begun && MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS) {
    snprintf(reason, size, "MPI_Init failed");
    return 1;
  }
  MPI_Comm host;
  MPI_Comm_dup(MPI_COMM_WORLD, &world);
  MPI_Comm_set_errhandler(world, MPI_ERRORS_RETURN);
  MPI_Comm_rank(world, &out->rank);
  MPI_Comm_size(world, &out->size);
  MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
  MPI_Comm_rank(host, &out->local_rank);
  MPI_Comm_size(host, &out->local_size);
  MPI_Comm_free(&host);
  name_library(out->library, sizeof out->library);
  out->send = send;
  out->receive = receive;
  out->test = test;
  out->describe = describe;
  out->abort = end_all;
  out->finish = finish;
  return 0;
}
