/* dropout.c -- Dropout: zeros while training, nothing at all otherwise. */
#include "layers/layer.h"
#include "ops/pointwise/dropout.h"

typedef struct {
  rm_layer base;
  double p;
} dropout;

static const rm_field fields[] = {{"p", RM_FIELD_NUMBER, offsetof(dropout, p)}, {NULL, 0, 0}};

static rm_status forward(rm_layer *layer, rm_tensor *x, rm_rng *rng, rm_tensor **y, rm_error *err) {
  return rm_dropout(x, ((const dropout *)layer)->p, layer->training, rng, y, err);
}

static void describe(const rm_layer *layer, char *text, size_t size) {
  rm_text_add(text, size, "p=%g", ((const dropout *)layer)->p);
}

static const rm_layer_type type = {"Dropout", sizeof(dropout), fields, forward, describe};

rm_status rm_dropout_layer(double p, rm_layer **layer, rm_error *err) {
  if (!(p >= 0 && p <= 1))
    return rm_fail(err, RM_ERR_VALUE, "Dropout: p must be a probability, 0 to 1, got %g", p);
  RM_TRY(rm_layer_new(&type, layer, err));
  ((dropout *)*layer)->p = p;
  return RM_OK;
}
