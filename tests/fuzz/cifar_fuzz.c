/* cifar_fuzz.c -- the binary version of CIFAR-10 and CIFAR-100. */
#include "fuzz.h"
#include "data/cifar.h"

const char *const fuzz_readers[] = {"cifar", NULL};

void fuzz_one(const uint8_t *data, size_t size) {
  static const rm_cifar_format formats[] = {{1, 10, 0}, {2, 100, 0}, {1, 10, 1}, {0, 1, 0}};
  rm_error err;
  const char *path = fuzz_file("in.bin", data, size), *both[] = {path, path};
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    rm_tensor *x = NULL, *y = NULL;
    if (!fuzz_ok(rm_cifar_load(&formats[i], 1 + i % 2, both, &x, &y, &err), &err)) continue;
    fuzz_require(x->ndim == 4 && y->ndim == 1 && x->shape[0] == y->numel, "images and labels differ in number");
    for (size_t k = 0; k < y->numel; k++)
      fuzz_require(rm_tensor_i64(y)[k] >= 1 && (size_t)rm_tensor_i64(y)[k] <= formats[i].classes,
                   "a label of no class");
    rm_tensor_release(x);
    rm_tensor_release(y);
  }
}
