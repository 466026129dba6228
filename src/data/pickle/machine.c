/* machine.c -- the memory of a pickle's values, which is bounded by the file's size, and the stack. */
#include "data/pickle/machine.h"

#include "memory/alloc.h"

/* --- memory ------------------------------------------------------------------------ */

static rm_status out_of_memory(rm_pickle_machine *m) {
  return rm_fail(m->err, RM_ERR_MEMORY, "%s: no memory for the values of the pickle", m->name);
}

rm_status rm_pickle_bad(rm_pickle_machine *m, const char *what) {
  return rm_fail(m->err, RM_ERR_FORMAT, "%s: damaged pickle: %s at byte %zu", m->name, what,
                 (size_t)(m->at - m->start));
}

/* Room that lives as long as the pickle. */
rm_status rm_pickle_take(rm_pickle_machine *m, size_t size, void **out) {
  rm_pickle *p = m->pickle;
  size = (size + 15) & ~(size_t)15;
  if (!p->blocks || p->blocks->size - p->blocks->used < size) {
    size_t whole = sizeof(block) + 16 + size > BLOCK ? sizeof(block) + 16 + size : BLOCK;
    if (whole > p->limit - p->held)
      return rm_fail(m->err, RM_ERR_FORMAT, "%s: the pickle asks for more than %zu bytes of memory", m->name, p->limit);
    block *b = rm_alloc(whole);
    if (!b) return out_of_memory(m);
    *b = (block){p->blocks, whole, (sizeof(block) + 15) & ~(size_t)15};
    p->blocks = b;
    p->held += whole;
  }
  *out = (char *)p->blocks + p->blocks->used;
  p->blocks->used += size;
  return RM_OK;
}

void rm_pickle_free(rm_pickle *p) {
  if (!p) return;
  for (block *b = p->blocks, *next; b; b = next) {
    next = b->next;
    rm_free(b, b->size);
  }
  rm_free(p, sizeof *p);
}

/* An array of pointers with room for at least `wanted`, new ones NULL. */
rm_status rm_pickle_grow(rm_pickle_machine *m, rm_pickled ***array, size_t *room, size_t wanted) {
  if (wanted <= *room) return RM_OK;
  size_t more = *room ? *room : 256;
  while (more < wanted) more *= 2;
  rm_pickled **larger = rm_alloc(more * sizeof *larger);
  if (!larger) return out_of_memory(m);
  memset(larger, 0, more * sizeof *larger);
  if (*room) memcpy(larger, *array, *room * sizeof *larger);
  rm_free(*array, *room * sizeof *larger);
  *array = larger;
  *room = more;
  return RM_OK;
}

/* --- the stack ----------------------------------------------------------------------- */

rm_status rm_pickle_push(rm_pickle_machine *m, rm_pickled *v) {
  if (m->depth >= MAX_VALUES) return rm_pickle_bad(m, "too many values");
  RM_TRY(rm_pickle_grow(m, &m->stack, &m->room, m->depth + 1));
  m->stack[m->depth++] = v;
  return RM_OK;
}

rm_status rm_pickle_make(rm_pickle_machine *m, rm_pickled_kind kind, rm_pickled **out) {
  if (m->values++ >= MAX_VALUES) return rm_pickle_bad(m, "too many values");
  void *room = NULL;
  RM_TRY(rm_pickle_take(m, sizeof(rm_pickled), &room));
  *out = room;
  memset(*out, 0, sizeof **out);
  (*out)->kind = kind;
  return RM_OK;
}

rm_status rm_pickle_push_new(rm_pickle_machine *m, rm_pickled_kind kind, rm_pickled **out) {
  RM_TRY(rm_pickle_make(m, kind, out));
  return rm_pickle_push(m, *out);
}

rm_status rm_pickle_push_integer(rm_pickle_machine *m, rm_pickled_kind kind, int64_t value) {
  rm_pickled *v = NULL;
  RM_TRY(rm_pickle_push_new(m, kind, &v));
  v->integer = value;
  return RM_OK;
}

rm_status rm_pickle_push_string(rm_pickle_machine *m, const void *bytes, size_t length, bool latin1) {
  rm_pickled *v = NULL;
  RM_TRY(rm_pickle_push_new(m, RM_PICKLED_STRING, &v));
  v->string.bytes = bytes;
  v->string.length = length;
  v->latin1 = latin1;
  return RM_OK;
}

/* The value at the top, which must not be a mark. */
rm_status rm_pickle_pop(rm_pickle_machine *m, rm_pickled **out) {
  if (m->depth == 0 || !m->stack[m->depth - 1]) return rm_pickle_bad(m, "a value is missing");
  *out = m->stack[--m->depth];
  return RM_OK;
}

/* How many values lie on the topmost mark. */
rm_status rm_pickle_above_mark(rm_pickle_machine *m, size_t *n) {
  for (*n = 0; *n < m->depth; ++*n)
    if (!m->stack[m->depth - 1 - *n]) return RM_OK;
  return rm_pickle_bad(m, "a mark is missing");
}

static rm_status append(rm_pickle_machine *m, rm_pickled *list, rm_pickled *key, rm_pickled *value) {
  void *room = NULL;
  RM_TRY(rm_pickle_take(m, sizeof(rm_pickle_cell), &room));
  rm_pickle_cell *c = room;
  *c = (rm_pickle_cell){NULL, key, value};
  if (list->list.last) list->list.last->next = c;
  else list->list.first = c;
  list->list.last = c;
  list->list.length++;
  return RM_OK;
}

/* The n topmost values into a list or tuple, or as keys and values into a dictionary. */
static rm_status gather(rm_pickle_machine *m, rm_pickled *into, size_t n) {
  bool pairs = into->kind == RM_PICKLED_DICT;
  if (m->depth < n) return rm_pickle_bad(m, "a value is missing");
  if (pairs && n % 2) return rm_pickle_bad(m, "a key without a value");
  if (n == 0) return RM_OK; /* there may be no stack yet */
  rm_pickled **from = m->stack + m->depth - n;
  for (size_t i = 0; i < n; i++)
    if (!from[i]) return rm_pickle_bad(m, "a value is missing");
  for (size_t i = 0; i < n; i += pairs ? 2 : 1)
    RM_TRY(append(m, into, pairs ? from[i] : NULL, from[pairs ? i + 1 : i]));
  m->depth -= n;
  return RM_OK;
}

/* A new list, tuple or dictionary of the n topmost values; `marked`: of those above the mark, which goes too. */
rm_status rm_pickle_collect(rm_pickle_machine *m, rm_pickled_kind kind, bool marked, size_t n) {
  rm_pickled *v = NULL;
  if (marked) RM_TRY(rm_pickle_above_mark(m, &n));
  RM_TRY(rm_pickle_make(m, kind, &v));
  RM_TRY(gather(m, v, n));
  if (marked) m->depth--;
  return rm_pickle_push(m, v);
}

/* APPEND(S), SETITEM(S): what lies on top into the container below. */
rm_status rm_pickle_extend(rm_pickle_machine *m, rm_pickled_kind kind, bool marked, size_t n) {
  if (marked) RM_TRY(rm_pickle_above_mark(m, &n));
  size_t below = n + (marked ? 1 : 0);
  rm_pickled *into = m->depth > below ? m->stack[m->depth - below - 1] : NULL;
  if (!into || into->kind != kind)
    return rm_pickle_bad(m, kind == RM_PICKLED_LIST ? "no list to append to" : "no dictionary to fill");
  RM_TRY(gather(m, into, n));
  if (marked) m->depth--;
  return RM_OK;
}
