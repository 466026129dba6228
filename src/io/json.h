/* json.h -- parsing JSON that comes from files nobody vouches for.
 *
 * jansson checks syntax, numbers and UTF-8. What it does not limit is nesting, on which
 * every walk over the result recurses, so the depth is measured first, on the text. */
#ifndef RM_IO_JSON_H
#define RM_IO_JSON_H

#include <stdbool.h>
#include <jansson.h>
#include "base/status.h"

/* Parses `length` bytes. Refuses nesting deeper than max_depth (a flat object has depth 1),
 * duplicate keys and \u0000. `what` starts the message: "header of weights.safetensors".
 * *out is the caller's to json_decref. */
rm_status rm_json_parse(const char *what, const char *text, size_t length, size_t max_depth, json_t **out,
                        rm_error *err);

/* Between the two, values of jansson are made: whether memory ran out meanwhile in this thread, which jansson does not
 * tell from a text that is not UTF-8. */
void rm_json_begin(void);
bool rm_json_starved(void);

#endif
