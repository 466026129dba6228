/* echo_transport.c -- a world of two processes of which one is there, for tests/c/dist: what is sent comes back as the
 * other's message of the same tag. RESMOON_TEST_FAIL=N: call N on a message fails (the first is 1). While RESMOON_TEST_LATE
 * is set nothing arrives; what was begun meanwhile comes at the first call on such a message after that, or, where nothing
 * was sent, as bytes of 0x5a. RESMOON_TEST_RANK: which of the two this process is (0). */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dist/transport.h"

enum { MOST = 64 };
typedef struct {
  int tag;
  const void *from;
  void *to;
  size_t sent, wanted;
} message;
static message messages[MOST];
static size_t count;

static int fails(void) {
  static long calls;
  const char *nth = getenv("RESMOON_TEST_FAIL");
  if (!nth) return calls = 0;
  return ++calls == atol(nth) ? 7 : 0;
}

static message *of(int tag) {
  for (size_t i = 0; i < count; i++)
    if (messages[i].tag == tag) return &messages[i];
  messages[count % MOST] = (message){.tag = tag};
  return &messages[count++ % MOST];
}

enum { AT_ONCE = 1, BY_AND_BY = 2 }; /* requests */

static bool late(void) { return getenv("RESMOON_TEST_LATE") != NULL; }

static void deliver(void) {
  for (; count > 0; count--) {
    message *m = &messages[count - 1];
    if (m->to && m->from) memcpy(m->to, m->from, m->sent < m->wanted ? m->sent : m->wanted);
    else if (m->to) memset(m->to, 0x5a, m->wanted);
  }
}

static int echo(message *m, uint64_t *request) {
  *request = late() ? BY_AND_BY : AT_ONCE;
  if (m->from && m->to && !late()) {
    memcpy(m->to, m->from, m->sent < m->wanted ? m->sent : m->wanted);
    *m = messages[--count];
  }
  return fails();
}

static int send(int peer, int tag, const void *data, size_t bytes, uint64_t *request) {
  (void)peer;
  message *m = of(tag);
  m->from = data;
  m->sent = bytes;
  return echo(m, request);
}

static int receive(int peer, int tag, void *data, size_t bytes, uint64_t *request) {
  (void)peer;
  message *m = of(tag);
  m->to = data;
  m->wanted = bytes;
  return echo(m, request);
}

static int test(uint64_t *request, int *done) {
  if (*request == BY_AND_BY && late()) return *done = 0;
  if (*request == BY_AND_BY) deliver();
  *request = 0;
  *done = 1;
  return fails();
}

static void describe(int failure, char *text, size_t size) { snprintf(text, size, "failure %d of a test", failure); }
static void end_all(int status) { _Exit(status); }
static void finish(void) {}

int rm_transport_open(int version, rm_transport *out, char *reason, size_t size) {
  if (version != RM_TRANSPORT_VERSION) return snprintf(reason, size, "another version"), 1;
  const char *text = getenv("RESMOON_TEST_RANK");
  int rank = text ? atoi(text) : 0;
  *out = (rm_transport){.rank = rank,
                        .size = 2,
                        .local_rank = rank,
                        .local_size = 2,
                        .library = "an echo",
                        .send = send,
                        .receive = receive,
                        .test = test,
                        .describe = describe,
                        .abort = end_all,
                        .finish = finish};
  return 0;
}
