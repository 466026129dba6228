/* json_fuzz.c -- JSON: configs, journals, headers and what a checkpoint says of itself. */
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>
#include "io/json.h"

const char *const fuzz_readers[] = {"json", NULL};

/* What was read and written again is read as the same. */
void fuzz_one(const uint8_t *data, size_t size) {
  rm_error err;
  json_t *value = NULL, *again = NULL;
  if (!fuzz_ok(rm_json_parse("fuzz", (const char *)data, size, 100, &value, &err), &err)) return;
  char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
  if (text) {
    rm_status status = rm_json_parse("again", text, strlen(text), 100, &again, &err);
    fuzz_require(status == RM_OK, "what was read cannot be read again: %s", err.message);
    fuzz_require(json_equal(value, again), "what was read is read as something else again: %s", text);
    json_decref(again);
  }
  free(text);
  json_decref(value);
}
