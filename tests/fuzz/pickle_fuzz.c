/* pickle_fuzz.c -- Python's pickles, and the Python version of CIFAR in them. */
#include "fuzz.h"
#include "data/cifar_python.h"
#include "data/pickle/pickle.h"

const char *const fuzz_readers[] = {"pickle", NULL};

/* Every value that can be reached from the root, a few levels deep. */
static void walk(const rm_pickled *value, int depth) {
  const void *at = NULL;
  const rm_pickled_array *array;
  const char *bytes;
  size_t length = 0;
  fuzz_require(rm_pickled_kind_name(value) != NULL, "a kind without a name");
  unsigned sum = 0;
  if (rm_pickled_string(value, &bytes, &length)) /* each is read: a sanitizer looks on */
    for (size_t i = 0; i < length; i++) sum += (unsigned char)bytes[i];
  fuzz_require(sum / 255 <= length || !length, "a string's bytes");
  if (rm_pickled_as_array(value, &array) && array->numel > 0) {
    rm_pickled_element(array, 0);
    rm_pickled_element(array, array->numel - 1);
  }
  rm_pickled_kind kind = rm_pickled_kind_of(value);
  if (kind == RM_PICKLED_DICT) rm_pickled_field(value, "data");
  if (depth > 3 || (kind != RM_PICKLED_LIST && kind != RM_PICKLED_TUPLE)) return;
  size_t count = 0, expected = rm_pickled_length(value);
  for (const rm_pickled *e; count < 1000 && (e = rm_pickled_next(value, &at)); count++) walk(e, depth + 1);
  fuzz_require(count == (expected < 1000 ? expected : 1000), "%zu elements of %zu", count, expected);
}

void fuzz_one(const uint8_t *data, size_t size) {
  rm_error err;
  rm_pickle *p;
  if (fuzz_ok(rm_pickle_read("fuzz", data, size, &p, &err), &err)) {
    walk(rm_pickle_root(p), 0);
    rm_pickle_free(p);
  }
  const char *path = fuzz_file("in", data, size);
  static const struct {
    const char *key;
    size_t classes;
  } sets[] = {{"labels", 10}, {"fine_labels", 100}};
  for (size_t i = 0; i < 2; i++) {
    rm_tensor *x = NULL, *y = NULL;
    if (!fuzz_ok(rm_cifar_python_load(sets[i].key, sets[i].classes, 0, 1, &path, &x, &y, &err), &err)) continue;
    for (size_t k = 0; k < y->numel; k++)
      fuzz_require(rm_tensor_i64(y)[k] >= 1 && (size_t)rm_tensor_i64(y)[k] <= sets[i].classes, "a label of no class");
    rm_tensor_release(x);
    rm_tensor_release(y);
  }
  char names[4096];
  size_t used;
  if (fuzz_ok(rm_cifar_python_names(path, "label_names", sizeof names, names, &used, &err), &err))
    fuzz_require(used <= sizeof names && (used == 0 || names[used - 1] == '\0'), "%zu bytes of names", used);
}
