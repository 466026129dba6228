/* pickle.c -- the stack machine, its memory, and the four names it knows. */
#include "data/pickle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "memory/alloc.h"

typedef struct cell { /* of a list, a tuple or a dictionary */
  struct cell *next;
  rm_pickled *key, *value; /* key: NULL but in dictionaries */
} cell;

typedef enum { NAME_RECONSTRUCT, NAME_NDARRAY, NAME_DTYPE, NAME_ENCODE } known_name;

struct rm_pickled {
  rm_pickled_kind kind;
  bool latin1; /* of a string: one byte is one character; else UTF-8 */
  bool built;  /* of an array or a type: its state was set */
  union {
    int64_t integer;
    known_name name;
    struct {
      const char *bytes;
      size_t length;
    } string;
    struct {
      cell *first, *last;
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
} machine;

/* --- memory ------------------------------------------------------------------------ */

static rm_status out_of_memory(machine *m) {
  return rm_fail(m->err, RM_ERR_MEMORY, "%s: no memory for the values of the pickle", m->name);
}

static rm_status bad(machine *m, const char *what) {
  return rm_fail(m->err, RM_ERR_FORMAT, "%s: damaged pickle: %s at byte %zu", m->name, what,
                 (size_t)(m->at - m->start));
}

/* Room that lives as long as the pickle. */
static rm_status take(machine *m, size_t size, void **out) {
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
static rm_status grow(machine *m, rm_pickled ***array, size_t *room, size_t wanted) {
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

static rm_status push(machine *m, rm_pickled *v) {
  if (m->depth >= MAX_VALUES) return bad(m, "too many values");
  RM_TRY(grow(m, &m->stack, &m->room, m->depth + 1));
  m->stack[m->depth++] = v;
  return RM_OK;
}

static rm_status make(machine *m, rm_pickled_kind kind, rm_pickled **out) {
  if (m->values++ >= MAX_VALUES) return bad(m, "too many values");
  void *room = NULL;
  RM_TRY(take(m, sizeof(rm_pickled), &room));
  *out = room;
  memset(*out, 0, sizeof **out);
  (*out)->kind = kind;
  return RM_OK;
}

static rm_status push_new(machine *m, rm_pickled_kind kind, rm_pickled **out) {
  RM_TRY(make(m, kind, out));
  return push(m, *out);
}

static rm_status push_integer(machine *m, rm_pickled_kind kind, int64_t value) {
  rm_pickled *v = NULL;
  RM_TRY(push_new(m, kind, &v));
  v->integer = value;
  return RM_OK;
}

static rm_status push_string(machine *m, const void *bytes, size_t length, bool latin1) {
  rm_pickled *v = NULL;
  RM_TRY(push_new(m, RM_PICKLED_STRING, &v));
  v->string.bytes = bytes;
  v->string.length = length;
  v->latin1 = latin1;
  return RM_OK;
}

/* The value at the top, which must not be a mark. */
static rm_status pop(machine *m, rm_pickled **out) {
  if (m->depth == 0 || !m->stack[m->depth - 1]) return bad(m, "a value is missing");
  *out = m->stack[--m->depth];
  return RM_OK;
}

/* How many values lie on the topmost mark. */
static rm_status above_mark(machine *m, size_t *n) {
  for (*n = 0; *n < m->depth; ++*n)
    if (!m->stack[m->depth - 1 - *n]) return RM_OK;
  return bad(m, "a mark is missing");
}

static rm_status append(machine *m, rm_pickled *list, rm_pickled *key, rm_pickled *value) {
  void *room = NULL;
  RM_TRY(take(m, sizeof(cell), &room));
  cell *c = room;
  *c = (cell){NULL, key, value};
  if (list->list.last) list->list.last->next = c;
  else list->list.first = c;
  list->list.last = c;
  list->list.length++;
  return RM_OK;
}

/* The n topmost values into a list or tuple, or as keys and values into a dictionary. */
static rm_status gather(machine *m, rm_pickled *into, size_t n) {
  bool pairs = into->kind == RM_PICKLED_DICT;
  if (m->depth < n) return bad(m, "a value is missing");
  if (pairs && n % 2) return bad(m, "a key without a value");
  rm_pickled **from = m->stack + m->depth - n;
  for (size_t i = 0; i < n; i++)
    if (!from[i]) return bad(m, "a value is missing");
  for (size_t i = 0; i < n; i += pairs ? 2 : 1)
    RM_TRY(append(m, into, pairs ? from[i] : NULL, from[pairs ? i + 1 : i]));
  m->depth -= n;
  return RM_OK;
}

/* A new list, tuple or dictionary of the n topmost values; `marked`: of those above the mark, which goes too. */
static rm_status collect(machine *m, rm_pickled_kind kind, bool marked, size_t n) {
  rm_pickled *v = NULL;
  if (marked) RM_TRY(above_mark(m, &n));
  RM_TRY(make(m, kind, &v));
  RM_TRY(gather(m, v, n));
  if (marked) m->depth--;
  return push(m, v);
}

/* APPEND(S), SETITEM(S): what lies on top into the container below. */
static rm_status extend(machine *m, rm_pickled_kind kind, bool marked, size_t n) {
  if (marked) RM_TRY(above_mark(m, &n));
  size_t below = n + (marked ? 1 : 0);
  rm_pickled *into = m->depth > below ? m->stack[m->depth - below - 1] : NULL;
  if (!into || into->kind != kind)
    return bad(m, kind == RM_PICKLED_LIST ? "no list to append to" : "no dictionary to fill");
  RM_TRY(gather(m, into, n));
  if (marked) m->depth--;
  return RM_OK;
}

/* --- bytes of the program ---------------------------------------------------------------- */

static rm_status need(machine *m, size_t n) {
  return n <= (size_t)(m->end - m->at) ? RM_OK : bad(m, "the file ends too early,");
}

static rm_status little_endian(machine *m, size_t n, uint64_t *out) {
  RM_TRY(need(m, n));
  *out = 0;
  for (size_t i = 0; i < n; i++) *out |= (uint64_t)*m->at++ << 8 * i;
  return RM_OK;
}

/* A length of `width` bytes, and so many bytes. */
static rm_status counted(machine *m, size_t width, const uint8_t **bytes, size_t *length) {
  uint64_t n = 0;
  RM_TRY(little_endian(m, width, &n));
  if (n > (uint64_t)(m->end - m->at)) return bad(m, "a string longer than the file");
  *bytes = m->at;
  *length = (size_t)n;
  m->at += n;
  return RM_OK;
}

static rm_status counted_string(machine *m, size_t width, bool latin1) {
  const uint8_t *bytes = NULL;
  size_t length = 0;
  RM_TRY(counted(m, width, &bytes, &length));
  return push_string(m, bytes, length, latin1);
}

/* The rest of the line, without its end. */
static rm_status line(machine *m, const char **text, size_t *length) {
  const uint8_t *end = memchr(m->at, '\n', (size_t)(m->end - m->at));
  if (!end) return bad(m, "a line without an end");
  *text = (const char *)m->at;
  *length = (size_t)(end - m->at);
  m->at = end + 1;
  return RM_OK;
}

/* A whole number in decimal digits; Python 2's long integers have an L behind them. */
static rm_status line_integer(machine *m, int64_t *out, size_t *digits) {
  const char *text = NULL;
  char copy[24], *end;
  RM_TRY(line(m, &text, digits));
  if (*digits == 0 || *digits >= sizeof copy) return bad(m, "a malformed or too large number");
  memcpy(copy, text, *digits);
  copy[*digits] = '\0';
  errno = 0;
  *out = strtoll(copy, &end, 10);
  if (errno) return bad(m, "a malformed or too large number");
  if (end == copy || (*end && strcmp(end, "L") != 0)) return bad(m, "a malformed number");
  return RM_OK;
}

/* INT: a number, or 00 and 01 for false and true. */
static rm_status op_int(machine *m) {
  int64_t value = 0;
  size_t digits = 0;
  const uint8_t *text = m->at;
  RM_TRY(line_integer(m, &value, &digits));
  bool truth = digits == 2 && text[0] == '0' && (text[1] == '0' || text[1] == '1');
  return push_integer(m, truth ? RM_PICKLED_BOOL : RM_PICKLED_INT, value);
}

/* LONG1: up to eight bytes in two's complement. */
static rm_status op_long1(machine *m) {
  uint64_t length = 0, value = 0;
  RM_TRY(little_endian(m, 1, &length));
  if (length > 8) return bad(m, "a number too large");
  RM_TRY(little_endian(m, (size_t)length, &value));
  if (length > 0 && length < 8 && value >> (8 * length - 1)) value |= ~(uint64_t)0 << 8 * length;
  return push_integer(m, RM_PICKLED_INT, (int64_t)value);
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 32;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* n hexadecimal digits at s; -1 if they are none. */
static long hex_number(const char *s, size_t n) {
  long value = 0;
  for (size_t i = 0; i < n; i++) {
    int digit = hex_digit(s[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/* What follows a backslash in a string of protocol 0: how many characters, and the byte; -1: not understood. */
static int unescape(const char *s, size_t n, bool text, size_t *used) {
  if (text) { /* raw-unicode-escape knows \uXXXX only */
    *used = 5;
    return n >= 5 && s[0] == 'u' ? (int)hex_number(s + 1, 4) : -1;
  }
  static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
  const char *known = n ? strchr(from, s[0]) : NULL;
  *used = 1;
  if (known && *known) return (unsigned char)to[known - from];
  *used = 3;
  return n >= 3 && s[0] == 'x' ? (int)hex_number(s + 1, 2) : -1;
}

/* The string of a line with its escapes undone, one byte a character. text: of UNICODE; else of STRING. */
static rm_status escaped(machine *m, const char *s, size_t n, bool text) {
  if (!memchr(s, '\\', n)) return push_string(m, s, n, true);
  void *room = NULL;
  RM_TRY(take(m, n, &room));
  char *to = room;
  size_t length = 0;
  for (size_t i = 0; i < n; i++) {
    size_t used;
    if (s[i] != '\\' || (text && (i + 1 >= n || s[i + 1] != 'u'))) {
      to[length++] = s[i];
      continue;
    }
    int c = unescape(s + i + 1, n - i - 1, text, &used);
    if (c < 0 || c > 255) return bad(m, "a character that is not Latin-1");
    to[length++] = (char)c;
    i += used;
  }
  return push_string(m, to, length, true);
}

/* STRING: in quotes. */
static rm_status op_string(machine *m) {
  const char *s = NULL;
  size_t n = 0;
  RM_TRY(line(m, &s, &n));
  if (n < 2 || (s[0] != '\'' && s[0] != '"') || s[n - 1] != s[0]) return bad(m, "a string without quotes");
  return escaped(m, s + 1, n - 2, false);
}

static rm_status op_unicode(machine *m) {
  const char *s = NULL;
  size_t n = 0;
  RM_TRY(line(m, &s, &n));
  return escaped(m, s, n, true);
}

/* --- memo ------------------------------------------------------------------------------ */

static rm_status put(machine *m, uint64_t index) {
  if (m->depth == 0 || !m->stack[m->depth - 1]) return bad(m, "nothing to remember");
  if (index >= MAX_MEMO) return bad(m, "too many values to remember");
  RM_TRY(grow(m, &m->memo, &m->memo_room, (size_t)index + 1));
  m->memo[index] = m->stack[m->depth - 1];
  return RM_OK;
}

static rm_status get(machine *m, uint64_t index) {
  rm_pickled *v = index < m->memo_room ? m->memo[index] : NULL;
  if (!v) return bad(m, "a value that was never remembered");
  return push(m, v);
}

static rm_status at_line(machine *m, rm_status (*f)(machine *, uint64_t)) {
  int64_t index = 0;
  size_t digits = 0;
  RM_TRY(line_integer(m, &index, &digits));
  return f(m, (uint64_t)index);
}

static rm_status at_index(machine *m, size_t width, rm_status (*f)(machine *, uint64_t)) {
  uint64_t index = 0;
  RM_TRY(little_endian(m, width, &index));
  return f(m, index);
}

/* --- names, and what they make ------------------------------------------------------------ */

/* NumPy 2 writes numpy._core where NumPy 1 wrote numpy.core. */
static const struct {
  const char *module, *name;
  known_name known;
} names[] = {
    {"numpy.core.multiarray", "_reconstruct", NAME_RECONSTRUCT},
    {"numpy._core.multiarray", "_reconstruct", NAME_RECONSTRUCT},
    {"numpy", "ndarray", NAME_NDARRAY},
    {"numpy", "dtype", NAME_DTYPE},
    {"_codecs", "encode", NAME_ENCODE},
};

static bool same(const char *s, size_t n, const char *word) { return n == strlen(word) && memcmp(s, word, n) == 0; }

static rm_status push_name(machine *m, const char *module, size_t nm, const char *name, size_t nn) {
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (same(module, nm, names[i].module) && same(name, nn, names[i].name)) {
      rm_pickled *v = NULL;
      RM_TRY(push_new(m, RM_PICKLED_GLOBAL, &v));
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

static rm_status op_global(machine *m) {
  const char *module = NULL, *name = NULL;
  size_t nm = 0, nn = 0;
  RM_TRY(line(m, &module, &nm));
  RM_TRY(line(m, &name, &nn));
  return push_name(m, module, nm, name, nn);
}

static rm_status op_stack_global(machine *m) {
  rm_pickled *module = NULL, *name = NULL;
  RM_TRY(pop(m, &name));
  RM_TRY(pop(m, &module));
  if (module->kind != RM_PICKLED_STRING || name->kind != RM_PICKLED_STRING)
    return bad(m, "a name that is not a string");
  return push_name(m, module->string.bytes, module->string.length, name->string.bytes, name->string.length);
}

/* Up to `most` elements of a tuple, NULL behind the last; how many it has. */
static size_t elements(const rm_pickled *tuple, size_t most, const rm_pickled *out[]) {
  memset(out, 0, most * sizeof *out);
  if (tuple->kind != RM_PICKLED_TUPLE) return 0;
  size_t n = 0;
  for (const cell *c = tuple->list.first; c && n < most; c = c->next) out[n++] = c->value;
  return tuple->list.length;
}

static bool is_name(const rm_pickled *v, known_name name) {
  return v && v->kind == RM_PICKLED_GLOBAL && v->name == name;
}

static bool is_string(const rm_pickled *v) { return v && v->kind == RM_PICKLED_STRING; }
static bool is_integer(const rm_pickled *v) { return v && (v->kind == RM_PICKLED_INT || v->kind == RM_PICKLED_BOOL); }

static rm_status push_array(machine *m, rm_pickled_kind kind, rm_pickled **out) {
  void *room = NULL;
  RM_TRY(take(m, sizeof(rm_pickled_array), &room));
  memset(room, 0, sizeof(rm_pickled_array));
  RM_TRY(push_new(m, kind, out));
  (*out)->array = room;
  return RM_OK;
}

/* dtype('u1', False, True): kind and size. */
static rm_status make_type(machine *m, const rm_pickled *args) {
  const rm_pickled *a[3];
  size_t n = elements(args, 3, a);
  if (n < 1 || n > 3 || !is_string(a[0])) return bad(m, "a malformed array type");
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
static rm_status make_array(machine *m, const rm_pickled *args) {
  const rm_pickled *a[3];
  if (elements(args, 3, a) != 3 || !is_name(a[0], NAME_NDARRAY)) return bad(m, "a malformed array");
  rm_pickled *v = NULL;
  return push_array(m, RM_PICKLED_ARRAY, &v);
}

/* UTF-8 of characters up to 255 as bytes. */
static rm_status to_latin1(machine *m, const rm_pickled *v, const char **bytes, size_t *length) {
  const unsigned char *s = (const unsigned char *)v->string.bytes;
  size_t n = v->string.length, k = 0;
  void *room = NULL;
  RM_TRY(take(m, n ? n : 1, &room));
  unsigned char *to = room;
  for (size_t i = 0; i < n; i++) {
    if (s[i] < 0x80) to[k++] = s[i];
    else if ((s[i] == 0xc2 || s[i] == 0xc3) && i + 1 < n && (s[i + 1] & 0xc0) == 0x80) {
      to[k++] = (unsigned char)((s[i] & 3) << 6 | (s[i + 1] & 0x3f));
      i++;
    } else return bad(m, "a character that is not Latin-1");
  }
  *bytes = room;
  *length = k;
  return RM_OK;
}

/* _codecs.encode(text, 'latin1'): how Python 3 writes bytes in protocols 0 to 2. */
static rm_status make_bytes(machine *m, const rm_pickled *args) {
  const rm_pickled *a[2];
  if (elements(args, 2, a) != 2 || !is_string(a[0]) || !is_string(a[1]) ||
      !(same(a[1]->string.bytes, a[1]->string.length, "latin1") ||
        same(a[1]->string.bytes, a[1]->string.length, "latin-1")))
    return bad(m, "bytes that are not written as Latin-1 text");
  const char *bytes = a[0]->string.bytes;
  size_t length = a[0]->string.length;
  if (!a[0]->latin1) RM_TRY(to_latin1(m, a[0], &bytes, &length));
  return push_string(m, bytes, length, true);
}

static rm_status op_reduce(machine *m) {
  rm_pickled *args = NULL, *callee = NULL;
  RM_TRY(pop(m, &args));
  RM_TRY(pop(m, &callee));
  if (is_name(callee, NAME_DTYPE)) return make_type(m, args);
  if (is_name(callee, NAME_RECONSTRUCT)) return make_array(m, args);
  if (is_name(callee, NAME_ENCODE)) return make_bytes(m, args);
  return bad(m, "a call of what cannot be called");
}

/* The state of a dtype: (version, '<' or '>' or '|', None, None, None, -1, -1, 0). */
static rm_status build_type(machine *m, rm_pickled *type, const rm_pickled *state) {
  const rm_pickled *a[8];
  size_t n = elements(state, 8, a);
  if (n < 3 || !is_string(a[1]) || a[1]->string.length != 1 || !strchr("<>|=", a[1]->string.bytes[0]) ||
      !a[1]->string.bytes[0])
    return bad(m, "a malformed array type");
  for (size_t i = 2; i < 5 && i < n; i++)
    if (a[i]->kind != RM_PICKLED_NONE) return bad(m, "an array of several fields");
  type->array->big = a[1]->string.bytes[0] == '>';
  type->built = true;
  return RM_OK;
}

static rm_status array_shape(machine *m, const rm_pickled *tuple, rm_pickled_array *a) {
  const rm_pickled *sides[RM_PICKLED_DIMS];
  a->ndim = elements(tuple, RM_PICKLED_DIMS, sides);
  if (a->ndim < 1 || a->ndim > RM_PICKLED_DIMS) return bad(m, "an array of no or too many dimensions");
  a->numel = 1;
  for (size_t d = 0; d < a->ndim; d++) {
    if (!is_integer(sides[d]) || sides[d]->integer < 0) return bad(m, "a malformed array shape");
    a->shape[d] = (size_t)sides[d]->integer;
    if (__builtin_mul_overflow(a->numel, a->shape[d], &a->numel)) return bad(m, "an array's shape that is impossible");
  }
  return RM_OK;
}

/* The state of an array: (version, shape, dtype, Fortran order?, bytes). */
static rm_status build_array(machine *m, rm_pickled *array, const rm_pickled *state) {
  const rm_pickled *a[5];
  if (elements(state, 5, a) != 5 || array->built || a[1]->kind != RM_PICKLED_TUPLE || a[2]->kind != RM_PICKLED_DTYPE ||
      !a[2]->built || !is_integer(a[3]))
    return bad(m, "a malformed array state");
  if (!is_string(a[4])) return bad(m, "an array of Python objects");
  rm_pickled_array made = *a[2]->array;
  RM_TRY(array_shape(m, a[1], &made));
  made.fortran = a[3]->integer != 0;
  const char *bytes = a[4]->string.bytes;
  size_t length = a[4]->string.length, expected;
  if (__builtin_mul_overflow(made.numel, made.itemsize, &expected) || length != expected)
    return bad(m, "an array whose bytes are not as many as its shape says");
  made.bytes = (const uint8_t *)bytes;
  *array->array = made;
  array->built = true;
  return RM_OK;
}

static rm_status op_build(machine *m) {
  rm_pickled *state = NULL;
  RM_TRY(pop(m, &state));
  rm_pickled *v = m->depth ? m->stack[m->depth - 1] : NULL;
  if (v && v->kind == RM_PICKLED_DTYPE) return build_type(m, v, state);
  if (v && v->kind == RM_PICKLED_ARRAY) return build_array(m, v, state);
  return bad(m, "a state for what has none");
}

/* --- instructions --------------------------------------------------------------------------- */

static rm_status op_proto(machine *m) {
  uint64_t version = 0;
  RM_TRY(little_endian(m, 1, &version));
  if (version <= 4) return RM_OK;
  return rm_fail(m->err, RM_ERR_FORMAT,
                 "%s: a pickle of protocol %d, expected 0 to 4 (in Python: pickle.dump(x, f, 2))", m->name,
                 (int)version);
}

static rm_status op_frame(machine *m) {
  uint64_t length = 0;
  return little_endian(m, 8, &length); /* a hint for readers of streams */
}

static rm_status op_pop(machine *m) {
  if (m->depth == 0) return bad(m, "a value is missing");
  m->depth--;
  return RM_OK;
}

static rm_status op_pop_mark(machine *m) {
  size_t n;
  RM_TRY(above_mark(m, &n));
  m->depth -= n + 1;
  return RM_OK;
}

static rm_status op_dup(machine *m) {
  if (m->depth == 0 || !m->stack[m->depth - 1]) return bad(m, "a value is missing");
  return push(m, m->stack[m->depth - 1]);
}

static rm_status op_binint(machine *m, size_t width) {
  uint64_t value = 0;
  RM_TRY(little_endian(m, width, &value));
  return push_integer(m, RM_PICKLED_INT, width == 4 ? (int64_t)(int32_t)(uint32_t)value : (int64_t)value);
}

static rm_status op_long(machine *m) {
  int64_t value = 0;
  size_t digits = 0;
  RM_TRY(line_integer(m, &value, &digits));
  return push_integer(m, RM_PICKLED_INT, value);
}

static rm_status op_memoize(machine *m) { return put(m, m->memo_next); }

static rm_status push_none(machine *m) {
  rm_pickled *v = NULL;
  return push_new(m, RM_PICKLED_NONE, &v);
}

/* Names of instructions that pickles have and these do not need. */
static const char *refused_name(uint8_t op) {
  switch (op) {
    case 'F': return "FLOAT";
    case 'G': return "BINFLOAT";
    case 'i': return "INST";
    case 'o': return "OBJ";
    case 'P': return "PERSID";
    case 'Q': return "BINPERSID";
    case 0x81: return "NEWOBJ";
    case 0x82: return "EXT1";
    case 0x83: return "EXT2";
    case 0x84: return "EXT4";
    case 0x8b: return "LONG4";
    case 0x8f: return "EMPTY_SET";
    case 0x90: return "ADDITEMS";
    case 0x91: return "FROZENSET";
    case 0x92: return "NEWOBJ_EX";
    case 0x96: return "BYTEARRAY8";
    case 0x97: return "NEXT_BUFFER";
    case 0x98: return "READONLY_BUFFER";
    default: return NULL;
  }
}

static rm_status refuse(machine *m, uint8_t op) {
  const char *name = refused_name(op);
  if (name)
    return rm_fail(m->err, RM_ERR_FORMAT, "%s: this pickle holds more than data: the instruction %s is refused",
                   m->name, name);
  return rm_fail(m->err, RM_ERR_FORMAT, "%s: damaged pickle: 0x%02x at byte %zu is not an instruction", m->name, op,
                 (size_t)(m->at - m->start) - 1);
}

static rm_status step(machine *m, uint8_t op) {
  switch (op) {
    case 0x80: return op_proto(m);
    case 0x95: return op_frame(m);
    case '(': return push(m, NULL);
    case '0': return op_pop(m);
    case '1': return op_pop_mark(m);
    case '2': return op_dup(m);
    case 'N': return push_none(m);
    case 0x88: return push_integer(m, RM_PICKLED_BOOL, 1);
    case 0x89: return push_integer(m, RM_PICKLED_BOOL, 0);
    case 'I': return op_int(m);
    case 'L': return op_long(m);
    case 'K': return op_binint(m, 1);
    case 'M': return op_binint(m, 2);
    case 'J': return op_binint(m, 4);
    case 0x8a: return op_long1(m);
    case 'S': return op_string(m);
    case 'V': return op_unicode(m);
    case 'T':
    case 'B': return counted_string(m, 4, true);
    case 'U':
    case 'C': return counted_string(m, 1, true);
    case 'X': return counted_string(m, 4, false);
    case 0x8c: return counted_string(m, 1, false);
    case 0x8d: return counted_string(m, 8, false);
    case 0x8e: return counted_string(m, 8, true);
    case ']': return collect(m, RM_PICKLED_LIST, false, 0);
    case '}': return collect(m, RM_PICKLED_DICT, false, 0);
    case ')': return collect(m, RM_PICKLED_TUPLE, false, 0);
    case 0x85: return collect(m, RM_PICKLED_TUPLE, false, 1);
    case 0x86: return collect(m, RM_PICKLED_TUPLE, false, 2);
    case 0x87: return collect(m, RM_PICKLED_TUPLE, false, 3);
    case 'l': return collect(m, RM_PICKLED_LIST, true, 0);
    case 'd': return collect(m, RM_PICKLED_DICT, true, 0);
    case 't': return collect(m, RM_PICKLED_TUPLE, true, 0);
    case 'a': return extend(m, RM_PICKLED_LIST, false, 1);
    case 'e': return extend(m, RM_PICKLED_LIST, true, 0);
    case 's': return extend(m, RM_PICKLED_DICT, false, 2);
    case 'u': return extend(m, RM_PICKLED_DICT, true, 0);
    case 'p': return at_line(m, put);
    case 'q': return at_index(m, 1, put);
    case 'r': return at_index(m, 4, put);
    case 'g': return at_line(m, get);
    case 'h': return at_index(m, 1, get);
    case 'j': return at_index(m, 4, get);
    case 0x94: return op_memoize(m);
    case 'c': return op_global(m);
    case 0x93: return op_stack_global(m);
    case 'R': return op_reduce(m);
    case 'b': return op_build(m);
    default: return refuse(m, op);
  }
}

/* MEMOIZE counts the memo's entries, so every new one moves its number on. */
static rm_status run(machine *m) {
  for (;;) {
    RM_TRY(need(m, 1));
    uint8_t op = *m->at++;
    if (op == '.') break;
    RM_TRY(step(m, op));
    if (op == 'p' || op == 'q' || op == 'r' || op == 0x94) m->memo_next++;
  }
  if (m->depth != 1 || !m->stack[0]) return bad(m, "no single value is left");
  m->pickle->root = m->stack[0];
  return RM_OK;
}

rm_status rm_pickle_read(const char *name, const uint8_t *bytes, size_t size, rm_pickle **out, rm_error *err) {
  rm_pickle *p = rm_alloc(sizeof *p);
  if (!p) return rm_fail(err, RM_ERR_MEMORY, "%s: no memory to read it", name);
  *p = (rm_pickle){.limit = ((size_t)64 << 20) + 4 * size};
  machine m = {.name = name, .start = bytes, .at = bytes, .end = bytes + size, .pickle = p, .err = err};
  rm_status status = run(&m);
  rm_free(m.stack, m.room * sizeof *m.stack);
  rm_free(m.memo, m.memo_room * sizeof *m.memo);
  if (status != RM_OK) {
    rm_pickle_free(p);
    return status;
  }
  *out = p;
  return RM_OK;
}

/* --- looking at values ---------------------------------------------------------------------- */

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
  for (const cell *c = dict->list.first; c; c = c->next)
    if (is_string(c->key) && same(c->key->string.bytes, c->key->string.length, key)) found = c->value;
  return found;
}

static bool is_list(const rm_pickled *v) { return v->kind == RM_PICKLED_LIST || v->kind == RM_PICKLED_TUPLE; }

size_t rm_pickled_length(const rm_pickled *list) { return is_list(list) ? list->list.length : 0; }

const rm_pickled *rm_pickled_next(const rm_pickled *list, const void **at) {
  if (!is_list(list)) return NULL;
  const cell *c = *at ? ((const cell *)*at)->next : list->list.first;
  *at = c;
  return c ? c->value : NULL;
}

bool rm_pickled_integer(const rm_pickled *v, int64_t *out) {
  if (v->kind == RM_PICKLED_INT) *out = v->integer;
  return v->kind == RM_PICKLED_INT;
}

bool rm_pickled_string(const rm_pickled *v, const char **bytes, size_t *length) {
  if (!is_string(v)) return false;
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
