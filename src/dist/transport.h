/* transport.h -- what a message-passing library must do for us, and no more.
 *
 * The plugins (mpi.c, compiled once with each mpicc found) fill this table; nothing else includes mpi.h, so that the
 * program runs where no MPI is installed. Messages are bytes. Between two processes those of one tag arrive in the
 * order in which they were sent. All calls come from one thread. */
#ifndef RM_DIST_TRANSPORT_H
#define RM_DIST_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

enum { RM_TRANSPORT_VERSION = 1 };

typedef struct {
  int rank, size;             /* this process, and how many there are */
  int local_rank, local_size; /* the same among those of this host */
  char library[128];          /* for people: "Open MPI 4.1.4" */
  /* Begin to send or receive. The memory is the library's until test says that it is done. 0, or a failure. */
  int (*send)(int peer, int tag, const void *data, size_t bytes, uint64_t *request);
  int (*receive)(int peer, int tag, void *data, size_t bytes, uint64_t *request);
  int (*test)(uint64_t *request, int *done); /* makes progress, and never waits */
  void (*describe)(int failure, char *text, size_t size);
  void (*abort)(int status); /* ends all processes, and does not return */
  void (*finish)(void);      /* together, at the end */
} rm_transport;

/* What a plugin exports under the name "rm_transport_open": joins the others. 0, or a failure with its reason. */
typedef int (*rm_transport_open_fn)(int version, rm_transport *out, char *reason, size_t size);

#endif
