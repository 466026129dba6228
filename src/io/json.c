/* json.c -- see json.h. */
#include "io/json.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>

/* jansson 2.14 returns NULL alike for a text that is wrong and for memory that ran out, mostly with no error code,
 * and so do the functions that make values. So it allocates through us, and we remember.
 *
 * And its reader does not ask whether the text of a token could grow: where it could not, taking back the character behind
 * a long number is a failed assertion (lex_unget_unsave), which ends the program. So nothing of it runs on after a
 * failure: the allocation jumps out of the reader, and what that had allocated, of which there is a list, is freed here.
 * (Blocks are those of malloc and free all the same: another library in this process may use jansson, too.) */
static _Thread_local bool starved;
static _Thread_local struct {
  bool on;
  void **blocks;
  size_t n, room;
  jmp_buf out;
} reading;

static void *no_memory(void) {
  starved = true;
  if (reading.on) longjmp(reading.out, 1);
  return NULL;
}

static void *allocate(size_t bytes) {
  if (reading.on && reading.n == reading.room) {
    size_t room = 2 * reading.room + 64;
    void **more = realloc(reading.blocks, room * sizeof *more);
    if (!more) return no_memory();
    reading.blocks = more;
    reading.room = room;
  }
  void *block = malloc(bytes);
  if (!block) return no_memory();
  if (reading.on) reading.blocks[reading.n++] = block;
  return block;
}

/* From the back: what is freed while a text is read is mostly what it had last, or as long ago as it is long. */
static void release(void *block) {
  for (size_t i = reading.on && block ? reading.n : 0; i-- > 0;)
    if (reading.blocks[i] == block) {
      reading.blocks[i] = reading.blocks[--reading.n];
      break;
    }
  free(block);
}

static void end_reading(void) {
  free(reading.blocks);
  reading.on = false;
  reading.blocks = NULL;
  reading.n = reading.room = 0;
}

static json_t *read_text(const char *text, size_t length, json_error_t *where) {
  reading.on = true;
  if (setjmp(reading.out) == 0) {
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, where);
    end_reading();
    return root;
  }
  for (size_t i = 0; i < reading.n; i++) free(reading.blocks[i]);
  end_reading();
  return NULL;
}

static void allocate_through_us(void) { json_set_alloc_funcs(allocate, release); }

void rm_json_begin(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, allocate_through_us);
  starved = false;
}

bool rm_json_starved(void) { return starved; }

/* The deepest nesting of brackets outside strings. On malformed text the number means
 * little, but then the parser refuses the text anyway. */
static size_t nesting(const char *text, size_t length) {
  size_t depth = 0, deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < length; i++) {
    char c = text[i];
    if (in_string) {
      if (c == '\\') i++;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > deepest) deepest = depth;
    } else if ((c == '}' || c == ']') && depth > 0) {
      depth--;
    }
  }
  return deepest;
}

rm_status rm_json_parse(const char *what, const char *text, size_t length, size_t max_depth, json_t **out,
                        rm_error *err) {
  size_t depth = nesting(text, length);
  if (depth > max_depth)
    return rm_fail(err, RM_ERR_FORMAT, "%s: nested %zu deep, at most %zu allowed", what, depth, max_depth);
  json_error_t where;
  rm_json_begin();
  json_t *root = read_text(text, length, &where);
  if (!root && rm_json_starved()) return rm_fail(err, RM_ERR_MEMORY, "%s: out of memory", what);
  if (!root)
    return rm_fail(err, RM_ERR_FORMAT, "%s: line %d, column %d: %s", what, where.line, where.column, where.text);
  *out = root;
  return RM_OK;
}
