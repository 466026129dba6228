/* dropout.c -- Dropout: zeros while training, nothing at all otherwise. */
#include "layers/layer.h"
#include "ops/pointwise/dropout.h"

typedef struct {
  rm_layer base;
  double p;
} dropout;

static const rm_field fields[] = {{"p", RM_FIELD_PROBABILITY, offsetof(dropout, p)}, {NULL, 0, 0}};

static rm_status forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  rm_tensor *t;
  RM_TRY(rm_value_tensor(x, &t, err));
  return rm_dropout(t, ((const dropout *)layer)->p, layer->training, rng, &y->tensor, err);
}

static void describe(const rm_layer *layer, char *text, size_t size) {
  rm_text_add(text, size, "p=%g", ((const dropout *)layer)->p);
}

const rm_layer_type rm_dropout_type = {
    .name = "Dropout", .bytes = sizeof(dropout), .fields = fields, .forward = forward, .describe = describe};

rm_status rm_dropout_layer(double p, rm_layer **layer, rm_error *err) {
  RM_TRY(rm_layer_new(&rm_dropout_type, layer, err));
  ((dropout *)*layer)->p = p;
  return rm_layer_checked(layer, err);
}
