/* names.c -- an array, its type, and bytes that were written as text: what the known names make. Every other name is
 * refused. */
#include "data/pickle/names.h"

#include "data/pickle/program.h"

/* NumPy 2 writes numpy._core where NumPy 1 wrote numpy.core. */
static const struct {
  const char *module, *name;
  rm_pickle_name known;
} names[] = {
    {"numpy.core.multiarray", "_reconstruct", NAME_RECONSTRUCT},
    {"numpy._core.multiarray", "_reconstruct", NAME_RECONSTRUCT},
    {"numpy", "ndarray", NAME_NDARRAY},
    {"numpy", "dtype", NAME_DTYPE},
    {"_codecs", "encode", NAME_ENCODE},
};

static rm_status push_name(rm_pickle_machine *m, const char *module, size_t nm, const char *name, size_t nn) {
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (rm_pickle_same(module, nm, names[i].module) && rm_pickle_same(name, nn, names[i].name)) {
      rm_pickled *v = NULL;
      RM_TRY(rm_pickle_push_new(m, RM_PICKLED_GLOBAL, &v));
      v->name = names[i].known;
      return RM_OK;
    }
  char shown[160]; /* control characters must not reach a terminal */
  size_t k = 0;
  for (size_t i = 0; i < nm && k < 80; i++) shown[k++] = module[i] >= 32 && module[i] < 127 ? module[i] : '?';
  shown[k++] = '.';
  for (size_t i = 0; i < nn && k < sizeof shown - 1; i++) shown[k++] = name[i] >= 32 && name[i] < 127 ? name[i] : '?';
  shown[k] = '\0';
  return rm_fail(m->err, RM_ERR_FORMAT,
                 "%s: this pickle wants Python's %s, which is refused: pickles can run any code, and here only data "
                 "(numbers, strings, lists and NumPy arrays) is read from them",
                 m->name, shown);
}

rm_status rm_pickle_global(rm_pickle_machine *m) {
  const char *module = NULL, *name = NULL;
  size_t nm = 0, nn = 0;
  RM_TRY(rm_pickle_line(m, &module, &nm));
  RM_TRY(rm_pickle_line(m, &name, &nn));
  return push_name(m, module, nm, name, nn);
}

rm_status rm_pickle_stack_global(rm_pickle_machine *m) {
  rm_pickled *module = NULL, *name = NULL;
  RM_TRY(rm_pickle_pop(m, &name));
  RM_TRY(rm_pickle_pop(m, &module));
  if (module->kind != RM_PICKLED_STRING || name->kind != RM_PICKLED_STRING)
    return rm_pickle_bad(m, "a name that is not a string");
  return push_name(m, module->string.bytes, module->string.length, name->string.bytes, name->string.length);
}

/* Up to `most` elements of a tuple, NULL behind the last; how many it has. */
static size_t elements(const rm_pickled *tuple, size_t most, const rm_pickled *out[]) {
  memset(out, 0, most * sizeof *out);
  if (tuple->kind != RM_PICKLED_TUPLE) return 0;
  size_t n = 0;
  for (const rm_pickle_cell *c = tuple->list.first; c && n < most; c = c->next) out[n++] = c->value;
  return tuple->list.length;
}

static bool is_name(const rm_pickled *v, rm_pickle_name name) {
  return v && v->kind == RM_PICKLED_GLOBAL && v->name == name;
}

static bool is_integer(const rm_pickled *v) { return v && (v->kind == RM_PICKLED_INT || v->kind == RM_PICKLED_BOOL); }

static rm_status push_array(rm_pickle_machine *m, rm_pickled_kind kind, rm_pickled **out) {
  void *room = NULL;
  RM_TRY(rm_pickle_take(m, sizeof(rm_pickled_array), &room));
  memset(room, 0, sizeof(rm_pickled_array));
  RM_TRY(rm_pickle_push_new(m, kind, out));
  (*out)->array = room;
  return RM_OK;
}

/* dtype('u1', False, True): kind and size. */
static rm_status make_type(rm_pickle_machine *m, const rm_pickled *args) {
  const rm_pickled *a[3];
  size_t n = elements(args, 3, a);
  if (n < 1 || n > 3 || !rm_pickle_is_string(a[0])) return rm_pickle_bad(m, "a malformed array type");
  const char *s = a[0]->string.bytes;
  size_t length = a[0]->string.length;
  if (length != 2 || !strchr("uib", s[0]) || !strchr("1248", s[1]) || !s[0] || !s[1])
    return rm_fail(m->err, RM_ERR_FORMAT, "%s: an array of type '%.*s', expected whole numbers (u1, i8, ...)", m->name,
                   length < 12 ? (int)length : 12, s);
  rm_pickled *v = NULL;
  RM_TRY(push_array(m, RM_PICKLED_DTYPE, &v));
  v->array->kind = s[0];
  v->array->itemsize = (size_t)(s[1] - '0');
  return RM_OK;
}

/* _reconstruct(ndarray, (0,), b'b'): an array that BUILD will fill. */
static rm_status make_array(rm_pickle_machine *m, const rm_pickled *args) {
  const rm_pickled *a[3];
  if (elements(args, 3, a) != 3 || !is_name(a[0], NAME_NDARRAY)) return rm_pickle_bad(m, "a malformed array");
  rm_pickled *v = NULL;
  return push_array(m, RM_PICKLED_ARRAY, &v);
}

/* UTF-8 of characters up to 255 as bytes. */
static rm_status to_latin1(rm_pickle_machine *m, const rm_pickled *v, const char **bytes, size_t *length) {
  const unsigned char *s = (const unsigned char *)v->string.bytes;
  size_t n = v->string.length, k = 0;
  void *room = NULL;
  RM_TRY(rm_pickle_take(m, n ? n : 1, &room));
  unsigned char *to = room;
  for (size_t i = 0; i < n; i++) {
    if (s[i] < 0x80) to[k++] = s[i];
    else if ((s[i] == 0xc2 || s[i] == 0xc3) && i + 1 < n && (s[i + 1] & 0xc0) == 0x80) {
      to[k++] = (unsigned char)((s[i] & 3) << 6 | (s[i + 1] & 0x3f));
      i++;
    } else return rm_pickle_bad(m, "a character that is not Latin-1");
  }
  *bytes = room;
  *length = k;
  return RM_OK;
}

/* _codecs.encode(text, 'latin1'): how Python 3 writes bytes in protocols 0 to 2. */
static rm_status make_bytes(rm_pickle_machine *m, const rm_pickled *args) {
  const rm_pickled *a[2];
  if (elements(args, 2, a) != 2 || !rm_pickle_is_string(a[0]) || !rm_pickle_is_string(a[1]) ||
      !(rm_pickle_same(a[1]->string.bytes, a[1]->string.length, "latin1") ||
        rm_pickle_same(a[1]->string.bytes, a[1]->string.length, "latin-1")))
    return rm_pickle_bad(m, "bytes that are not written as Latin-1 text");
  const char *bytes = a[0]->string.bytes;
  size_t length = a[0]->string.length;
  if (!a[0]->latin1) RM_TRY(to_latin1(m, a[0], &bytes, &length));
  return rm_pickle_push_string(m, bytes, length, true);
}

rm_status rm_pickle_reduce(rm_pickle_machine *m) {
  rm_pickled *args = NULL, *callee = NULL;
  RM_TRY(rm_pickle_pop(m, &args));
  RM_TRY(rm_pickle_pop(m, &callee));
  if (is_name(callee, NAME_DTYPE)) return make_type(m, args);
  if (is_name(callee, NAME_RECONSTRUCT)) return make_array(m, args);
  if (is_name(callee, NAME_ENCODE)) return make_bytes(m, args);
  return rm_pickle_bad(m, "a call of what cannot be called");
}

/* The state of a dtype: (version, '<' or '>' or '|', None, None, None, -1, -1, 0). */
static rm_status build_type(rm_pickle_machine *m, rm_pickled *type, const rm_pickled *state) {
  const rm_pickled *a[8];
  size_t n = elements(state, 8, a);
  if (n < 3 || !rm_pickle_is_string(a[1]) || a[1]->string.length != 1 || !strchr("<>|=", a[1]->string.bytes[0]) ||
      !a[1]->string.bytes[0])
    return rm_pickle_bad(m, "a malformed array type");
  for (size_t i = 2; i < 5 && i < n; i++)
    if (a[i]->kind != RM_PICKLED_NONE) return rm_pickle_bad(m, "an array of several fields");
  type->array->big = a[1]->string.bytes[0] == '>';
  type->built = true;
  return RM_OK;
}

static rm_status array_shape(rm_pickle_machine *m, const rm_pickled *tuple, rm_pickled_array *a) {
  const rm_pickled *sides[RM_PICKLED_DIMS];
  a->ndim = elements(tuple, RM_PICKLED_DIMS, sides);
  if (a->ndim < 1 || a->ndim > RM_PICKLED_DIMS) return rm_pickle_bad(m, "an array of no or too many dimensions");
  a->numel = 1;
  for (size_t d = 0; d < a->ndim; d++) {
    if (!is_integer(sides[d]) || sides[d]->integer < 0) return rm_pickle_bad(m, "a malformed array shape");
    a->shape[d] = (size_t)sides[d]->integer;
    if (__builtin_mul_overflow(a->numel, a->shape[d], &a->numel))
      return rm_pickle_bad(m, "an array's shape that is impossible");
  }
  return RM_OK;
}

/* The state of an array: (version, shape, dtype, Fortran order?, bytes). */
static rm_status build_array(rm_pickle_machine *m, rm_pickled *array, const rm_pickled *state) {
  const rm_pickled *a[5];
  if (elements(state, 5, a) != 5 || array->built || a[1]->kind != RM_PICKLED_TUPLE || a[2]->kind != RM_PICKLED_DTYPE ||
      !a[2]->built || !is_integer(a[3]))
    return rm_pickle_bad(m, "a malformed array state");
  if (!rm_pickle_is_string(a[4])) return rm_pickle_bad(m, "an array of Python objects");
  rm_pickled_array made = *a[2]->array;
  RM_TRY(array_shape(m, a[1], &made));
  made.fortran = a[3]->integer != 0;
  const char *bytes = a[4]->string.bytes;
  size_t length = a[4]->string.length, expected;
  if (__builtin_mul_overflow(made.numel, made.itemsize, &expected) || length != expected)
    return rm_pickle_bad(m, "an array whose bytes are not as many as its shape says");
  made.bytes = (const uint8_t *)bytes;
  *array->array = made;
  array->built = true;
  return RM_OK;
}

rm_status rm_pickle_build(rm_pickle_machine *m) {
  rm_pickled *state = NULL;
  RM_TRY(rm_pickle_pop(m, &state));
  rm_pickled *v = m->depth ? m->stack[m->depth - 1] : NULL;
  if (v && v->kind == RM_PICKLED_DTYPE) return build_type(m, v, state);
  if (v && v->kind == RM_PICKLED_ARRAY) return build_array(m, v, state);
  return rm_pickle_bad(m, "a state for what has none");
}
