/* json.c -- see json.h. */
#include "io/json.h"

#include <pthread.h>
#include <stdlib.h>

/* jansson 2.14 returns NULL alike for a text that is wrong and for memory that ran out, mostly with no error code,
 * and so do the functions that make values. So it allocates through us, and we remember. */
static _Thread_local bool starved;

static void *allocate(size_t bytes) {
  void *block = malloc(bytes);
  starved |= !block;
  return block;
}

static void allocate_through_us(void) { json_set_alloc_funcs(allocate, free); }

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
  json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
  if (!root && rm_json_starved()) return rm_fail(err, RM_ERR_MEMORY, "%s: out of memory", what);
  if (!root)
    return rm_fail(err, RM_ERR_FORMAT, "%s: line %d, column %d: %s", what, where.line, where.column, where.text);
  *out = root;
  return RM_OK;
}
