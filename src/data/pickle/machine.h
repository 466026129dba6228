/* machine.h -- for the files of this folder: values, the machine's memory, and its stack. */
#ifndef RM_DATA_PICKLE_MACHINE_H
#define RM_DATA_PICKLE_MACHINE_H

#include <string.h>
#include "data/pickle/pickle.h"

typedef struct rm_pickle_cell { /* of a list, a tuple or a dictionary */
  struct rm_pickle_cell *next;
  rm_pickled *key, *value; /* key: NULL but in dictionaries */
} rm_pickle_cell;

typedef enum { NAME_RECONSTRUCT, NAME_NDARRAY, NAME_DTYPE, NAME_ENCODE } rm_pickle_name;

struct rm_pickled {
  rm_pickled_kind kind;
  bool latin1; /* of a string: one byte is one character; else UTF-8 */
  bool built;  /* of an array or a type: its state was set */
  union {
    int64_t integer;
    rm_pickle_name name;
    struct {
      const char *bytes;
      size_t length;
    } string;
    struct {
      rm_pickle_cell *first, *last;
      size_t length;
    } list;
    rm_pickled_array *array; /* of a type: only kind, itemsize and big */
  };
};

enum { BLOCK = 1 << 16, MAX_VALUES = 1 << 22, MAX_MEMO = 1 << 22 };

typedef struct block {
  struct block *next;
  size_t size, used; /* bytes of the whole block */
} block;

struct rm_pickle {
  rm_pickled *root;
  block *blocks;
  size_t held, limit; /* bytes of all blocks */
};

typedef struct {
  const char *name;
  const uint8_t *start, *at, *end;
  rm_pickle *pickle;
  rm_pickled **stack; /* NULL: a mark */
  size_t depth, room;
  rm_pickled **memo;
  size_t memo_room, memo_next; /* memo_next: for MEMOIZE */
  size_t values;
  rm_error *err;
} rm_pickle_machine;

/* "NAME: damaged pickle: what at byte N" */
rm_status rm_pickle_bad(rm_pickle_machine *m, const char *what);
rm_status rm_pickle_take(rm_pickle_machine *m, size_t size, void **out);
rm_status rm_pickle_grow(rm_pickle_machine *m, rm_pickled ***array, size_t *room, size_t wanted);
rm_status rm_pickle_push(rm_pickle_machine *m, rm_pickled *v);
rm_status rm_pickle_make(rm_pickle_machine *m, rm_pickled_kind kind, rm_pickled **out);
rm_status rm_pickle_push_new(rm_pickle_machine *m, rm_pickled_kind kind, rm_pickled **out);
rm_status rm_pickle_push_integer(rm_pickle_machine *m, rm_pickled_kind kind, int64_t value);
rm_status rm_pickle_push_string(rm_pickle_machine *m, const void *bytes, size_t length, bool latin1);
rm_status rm_pickle_pop(rm_pickle_machine *m, rm_pickled **out);
rm_status rm_pickle_above_mark(rm_pickle_machine *m, size_t *n);
rm_status rm_pickle_collect(rm_pickle_machine *m, rm_pickled_kind kind, bool marked, size_t n);
rm_status rm_pickle_extend(rm_pickle_machine *m, rm_pickled_kind kind, bool marked, size_t n);

static inline bool rm_pickle_same(const char *s, size_t n, const char *word) {
  return n == strlen(word) && memcmp(s, word, n) == 0;
}
static inline bool rm_pickle_is_string(const rm_pickled *v) { return v && v->kind == RM_PICKLED_STRING; }

#endif
