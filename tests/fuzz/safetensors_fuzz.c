/* safetensors_fuzz.c -- weights and checkpoints. */
#include "fuzz.h"
#include <stdio.h>
#include <string.h>
#include "io/safetensors.h"

const char *const fuzz_readers[] = {"safetensors", NULL};

/* What was read and saved is read as the same. */
void fuzz_one(const uint8_t *data, size_t size) {
  rm_error err;
  rm_safetensors *file = NULL, *again = NULL;
  if (!fuzz_ok(rm_safetensors_load(fuzz_file("in.safetensors", data, size), &file, &err), &err)) return;
  char path[256];
  snprintf(path, sizeof path, "%s/out.safetensors", fuzz_folder());
  if (fuzz_ok(rm_safetensors_save(file, path, &err), &err)) {
    fuzz_require(rm_safetensors_load(path, &again, &err) == RM_OK, "cannot be read again: %s", err.message);
    fuzz_require(again->count == file->count && again->nmeta == file->nmeta, "%zu of %zu tensors came back",
                 again->count, file->count);
    for (size_t i = 0; i < file->count; i++) {
      const rm_tensor *a = file->entries[i].tensor, *b = again->entries[i].tensor;
      fuzz_require(strcmp(file->entries[i].name, again->entries[i].name) == 0 && rm_tensor_same_shape(a, b) &&
                       a->dtype == b->dtype,
                   "tensor %zu came back as another", i + 1);
    }
  }
  rm_safetensors_free(again);
  rm_safetensors_free(file);
}
