/* run.c -- the instructions of the stack machine. */
#include "data/pickle/names.h"
#include "data/pickle/program.h"
#include "memory/alloc.h"

/* --- memo ------------------------------------------------------------------------------ */

static rm_status put(rm_pickle_machine *m, uint64_t index) {
  if (m->depth == 0 || !m->stack[m->depth - 1]) return rm_pickle_bad(m, "nothing to remember");
  if (index >= MAX_MEMO) return rm_pickle_bad(m, "too many values to remember");
  RM_TRY(rm_pickle_grow(m, &m->memo, &m->memo_room, (size_t)index + 1));
  m->memo[index] = m->stack[m->depth - 1];
  return RM_OK;
}

static rm_status get(rm_pickle_machine *m, uint64_t index) {
  rm_pickled *v = index < m->memo_room ? m->memo[index] : NULL;
  if (!v) return rm_pickle_bad(m, "a value that was never remembered");
  return rm_pickle_push(m, v);
}

static rm_status at_line(rm_pickle_machine *m, rm_status (*f)(rm_pickle_machine *, uint64_t)) {
  int64_t index = 0;
  size_t digits = 0;
  RM_TRY(rm_pickle_line_integer(m, &index, &digits));
  return f(m, (uint64_t)index);
}

static rm_status at_index(rm_pickle_machine *m, size_t width, rm_status (*f)(rm_pickle_machine *, uint64_t)) {
  uint64_t index = 0;
  RM_TRY(rm_pickle_little_endian(m, width, &index));
  return f(m, index);
}

/* --- instructions --------------------------------------------------------------------------- */

static rm_status op_proto(rm_pickle_machine *m) {
  uint64_t version = 0;
  RM_TRY(rm_pickle_little_endian(m, 1, &version));
  if (version <= 4) return RM_OK;
  return rm_fail(m->err, RM_ERR_FORMAT,
                 "%s: a pickle of protocol %d, expected 0 to 4 (in Python: pickle.dump(x, f, 2))", m->name,
                 (int)version);
}

static rm_status op_frame(rm_pickle_machine *m) {
  uint64_t length = 0;
  return rm_pickle_little_endian(m, 8, &length); /* a hint for readers of streams */
}

static rm_status op_pop(rm_pickle_machine *m) {
  if (m->depth == 0) return rm_pickle_bad(m, "a value is missing");
  m->depth--;
  return RM_OK;
}

static rm_status op_pop_mark(rm_pickle_machine *m) {
  size_t n;
  RM_TRY(rm_pickle_above_mark(m, &n));
  m->depth -= n + 1;
  return RM_OK;
}

static rm_status op_dup(rm_pickle_machine *m) {
  if (m->depth == 0 || !m->stack[m->depth - 1]) return rm_pickle_bad(m, "a value is missing");
  return rm_pickle_push(m, m->stack[m->depth - 1]);
}

static rm_status op_binint(rm_pickle_machine *m, size_t width) {
  uint64_t value = 0;
  RM_TRY(rm_pickle_little_endian(m, width, &value));
  return rm_pickle_push_integer(m, RM_PICKLED_INT, width == 4 ? (int64_t)(int32_t)(uint32_t)value : (int64_t)value);
}

static rm_status op_long(rm_pickle_machine *m) {
  int64_t value = 0;
  size_t digits = 0;
  RM_TRY(rm_pickle_line_integer(m, &value, &digits));
  return rm_pickle_push_integer(m, RM_PICKLED_INT, value);
}

static rm_status op_memoize(rm_pickle_machine *m) { return put(m, m->memo_next); }

static rm_status push_none(rm_pickle_machine *m) {
  rm_pickled *v = NULL;
  return rm_pickle_push_new(m, RM_PICKLED_NONE, &v);
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

static rm_status refuse(rm_pickle_machine *m, uint8_t op) {
  const char *name = refused_name(op);
  if (name)
    return rm_fail(m->err, RM_ERR_FORMAT, "%s: this pickle holds more than data: the instruction %s is refused",
                   m->name, name);
  return rm_fail(m->err, RM_ERR_FORMAT, "%s: damaged pickle: 0x%02x at byte %zu is not an instruction", m->name, op,
                 (size_t)(m->at - m->start) - 1);
}

static rm_status step(rm_pickle_machine *m, uint8_t op) {
  switch (op) {
    case 0x80: return op_proto(m);
    case 0x95: return op_frame(m);
    case '(': return rm_pickle_push(m, NULL);
    case '0': return op_pop(m);
    case '1': return op_pop_mark(m);
    case '2': return op_dup(m);
    case 'N': return push_none(m);
    case 0x88: return rm_pickle_push_integer(m, RM_PICKLED_BOOL, 1);
    case 0x89: return rm_pickle_push_integer(m, RM_PICKLED_BOOL, 0);
    case 'I': return rm_pickle_op_int(m);
    case 'L': return op_long(m);
    case 'K': return op_binint(m, 1);
    case 'M': return op_binint(m, 2);
    case 'J': return op_binint(m, 4);
    case 0x8a: return rm_pickle_long1(m);
    case 'S': return rm_pickle_string(m);
    case 'V': return rm_pickle_unicode(m);
    case 'T':
    case 'B': return rm_pickle_counted_string(m, 4, true);
    case 'U':
    case 'C': return rm_pickle_counted_string(m, 1, true);
    case 'X': return rm_pickle_counted_string(m, 4, false);
    case 0x8c: return rm_pickle_counted_string(m, 1, false);
    case 0x8d: return rm_pickle_counted_string(m, 8, false);
    case 0x8e: return rm_pickle_counted_string(m, 8, true);
    case ']': return rm_pickle_collect(m, RM_PICKLED_LIST, false, 0);
    case '}': return rm_pickle_collect(m, RM_PICKLED_DICT, false, 0);
    case ')': return rm_pickle_collect(m, RM_PICKLED_TUPLE, false, 0);
    case 0x85: return rm_pickle_collect(m, RM_PICKLED_TUPLE, false, 1);
    case 0x86: return rm_pickle_collect(m, RM_PICKLED_TUPLE, false, 2);
    case 0x87: return rm_pickle_collect(m, RM_PICKLED_TUPLE, false, 3);
    case 'l': return rm_pickle_collect(m, RM_PICKLED_LIST, true, 0);
    case 'd': return rm_pickle_collect(m, RM_PICKLED_DICT, true, 0);
    case 't': return rm_pickle_collect(m, RM_PICKLED_TUPLE, true, 0);
    case 'a': return rm_pickle_extend(m, RM_PICKLED_LIST, false, 1);
    case 'e': return rm_pickle_extend(m, RM_PICKLED_LIST, true, 0);
    case 's': return rm_pickle_extend(m, RM_PICKLED_DICT, false, 2);
    case 'u': return rm_pickle_extend(m, RM_PICKLED_DICT, true, 0);
    case 'p': return at_line(m, put);
    case 'q': return at_index(m, 1, put);
    case 'r': return at_index(m, 4, put);
    case 'g': return at_line(m, get);
    case 'h': return at_index(m, 1, get);
    case 'j': return at_index(m, 4, get);
    case 0x94: return op_memoize(m);
    case 'c': return rm_pickle_global(m);
    case 0x93: return rm_pickle_stack_global(m);
    case 'R': return rm_pickle_reduce(m);
    case 'b': return rm_pickle_build(m);
    default: return refuse(m, op);
  }
}

/* MEMOIZE counts the memo's entries, so every new one moves its number on. */
static rm_status run(rm_pickle_machine *m) {
  for (;;) {
    RM_TRY(rm_pickle_need(m, 1));
    uint8_t op = *m->at++;
    if (op == '.') break;
    RM_TRY(step(m, op));
    if (op == 'p' || op == 'q' || op == 'r' || op == 0x94) m->memo_next++;
  }
  if (m->depth != 1 || !m->stack[0]) return rm_pickle_bad(m, "no single value is left");
  m->pickle->root = m->stack[0];
  return RM_OK;
}

rm_status rm_pickle_read(const char *name, const uint8_t *bytes, size_t size, rm_pickle **out, rm_error *err) {
  rm_pickle *p = rm_alloc(sizeof *p);
  if (!p) return rm_fail(err, RM_ERR_MEMORY, "%s: no memory to read it", name);
  *p = (rm_pickle){.limit = ((size_t)64 << 20) + 4 * size};
  rm_pickle_machine m = {.name = name, .start = bytes, .at = bytes, .end = bytes + size, .pickle = p, .err = err};
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
