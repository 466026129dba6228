/* csv_fuzz.c -- images as lines of a table. */
#include "fuzz.h"
#include "data/csv.h"

const char *const fuzz_readers[] = {"csv", NULL};

void fuzz_one(const uint8_t *data, size_t size) {
  rm_error err;
  rm_tensor *x = NULL, *y = NULL;
  if (!fuzz_ok(rm_csv_load(fuzz_file("in.csv", data, size), &x, &y, &err), &err)) return;
  fuzz_require(x->ndim == 4 && y->ndim == 1 && x->shape[0] == y->numel && x->shape[2] == x->shape[3],
               "images and labels do not fit each other");
  rm_tensor_release(x);
  rm_tensor_release(y);
}
