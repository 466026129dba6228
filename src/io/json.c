/* json.c -- see json.h. */
#include "io/json.h"

#include <stdbool.h>

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
  json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
  if (!root)
    return rm_fail(err, RM_ERR_FORMAT, "%s: line %d, column %d: %s", what, where.line, where.column, where.text);
  *out = root;
  return RM_OK;
}
