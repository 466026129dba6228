/* values.c -- looking at what a pickle held. */
#include "data/pickle/machine.h"

const rm_pickled *rm_pickle_root(const rm_pickle *p) { return p->root; }
rm_pickled_kind rm_pickled_kind_of(const rm_pickled *v) { return v->kind; }

const char *rm_pickled_kind_name(const rm_pickled *v) {
  static const char *const kinds[] = {
      [RM_PICKLED_NONE] = "None",         [RM_PICKLED_BOOL] = "a truth value",
      [RM_PICKLED_INT] = "a number",      [RM_PICKLED_STRING] = "a string",
      [RM_PICKLED_LIST] = "a list",       [RM_PICKLED_TUPLE] = "a tuple",
      [RM_PICKLED_DICT] = "a dictionary", [RM_PICKLED_ARRAY] = "a NumPy array",
      [RM_PICKLED_GLOBAL] = "a name",     [RM_PICKLED_DTYPE] = "a type of NumPy",
  };
  return kinds[v->kind];
}

const rm_pickled *rm_pickled_field(const rm_pickled *dict, const char *key) {
  const rm_pickled *found = NULL;
  if (dict->kind != RM_PICKLED_DICT) return NULL;
  for (const rm_pickle_cell *c = dict->list.first; c; c = c->next)
    if (rm_pickle_is_string(c->key) && rm_pickle_same(c->key->string.bytes, c->key->string.length, key))
      found = c->value;
  return found;
}

static bool is_list(const rm_pickled *v) { return v->kind == RM_PICKLED_LIST || v->kind == RM_PICKLED_TUPLE; }

size_t rm_pickled_length(const rm_pickled *list) { return is_list(list) ? list->list.length : 0; }

const rm_pickled *rm_pickled_next(const rm_pickled *list, const void **at) {
  if (!is_list(list)) return NULL;
  const rm_pickle_cell *c = *at ? ((const rm_pickle_cell *)*at)->next : list->list.first;
  *at = c;
  return c ? c->value : NULL;
}

bool rm_pickled_integer(const rm_pickled *v, int64_t *out) {
  if (v->kind == RM_PICKLED_INT) *out = v->integer;
  return v->kind == RM_PICKLED_INT;
}

bool rm_pickled_string(const rm_pickled *v, const char **bytes, size_t *length) {
  if (!rm_pickle_is_string(v)) return false;
  *bytes = v->string.bytes;
  *length = v->string.length;
  return true;
}

bool rm_pickled_as_array(const rm_pickled *v, const rm_pickled_array **out) {
  if (v->kind != RM_PICKLED_ARRAY || !v->built) return false;
  *out = v->array;
  return true;
}

int64_t rm_pickled_element(const rm_pickled_array *a, size_t i) {
  const uint8_t *p = a->bytes + i * a->itemsize;
  uint64_t value = 0;
  for (size_t k = 0; k < a->itemsize; k++) value |= (uint64_t)p[a->big ? a->itemsize - 1 - k : k] << 8 * k;
  if (a->kind == 'i' && a->itemsize < 8 && value >> (8 * a->itemsize - 1)) value |= ~(uint64_t)0 << 8 * a->itemsize;
  return (int64_t)value;
}
