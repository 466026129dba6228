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
 * While a text is read nothing is freed, so that no block has to be looked for in the list: what the reader lets go of is
 * listed, too, which is less than what it keeps and the text together. (Blocks are those of malloc and free all the same:
 * another library in this process may use jansson, too.) */
typedef struct {
  void **blocks;
  size_t n, room;
} block_list;

static _Thread_local bool starved;
static _Thread_local struct {
  bool on;
  block_list all, released; /* released: those of all that the reader does not need any more */
  jmp_buf out;
} reading;

static void *no_memory(void) {
  starved = true;
  if (reading.on) longjmp(reading.out, 1);
  return NULL;
}

/* Room for one more; does not return where there is none. */
static void make_room(block_list *list) {
  if (list->n < list->room) return;
  size_t room = 2 * list->room + 64;
  void **more = realloc(list->blocks, room * sizeof *more);
  if (!more) {
    no_memory();
    return;
  }
  list->blocks = more;
  list->room = room;
}

static void *allocate(size_t bytes) {
  if (reading.on) make_room(&reading.all);
  void *block = malloc(bytes);
  if (!block) return no_memory();
  if (reading.on) reading.all.blocks[reading.all.n++] = block;
  return block;
}

static void release(void *block) {
  if (!reading.on || !block) {
    free(block);
    return;
  }
  make_room(&reading.released);
  reading.released.blocks[reading.released.n++] = block;
}

/* what: those that are freed with it. */
static void end_reading(const block_list *what) {
  for (size_t i = 0; i < what->n; i++) free(what->blocks[i]);
  free(reading.all.blocks);
  free(reading.released.blocks);
  reading.on = false;
  reading.all = reading.released = (block_list){0};
}

static json_t *read_text(const char *text, size_t length, json_error_t *where) {
  reading.on = true;
  if (setjmp(reading.out) == 0) {
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, where);
    end_reading(&reading.released);
    return root;
  }
  end_reading(&reading.all);
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
