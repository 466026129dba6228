/* maxout.c -- Maxout: the largest of each `pieces` neighboring channels. */
#include "layers/layer.h"
#include "ops/pointwise/maxout.h"

typedef struct {
  rm_layer base;
  size_t pieces;
} maxout;

static const rm_field fields[] = {{"pieces", RM_FIELD_SIZE, offsetof(maxout, pieces)}, {NULL, 0, 0}};

static rm_status forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)rng;
  rm_tensor *t;
  RM_TRY(rm_value_tensor(x, &t, err));
  return rm_maxout(t, ((const maxout *)layer)->pieces, &y->tensor, err);
}

static void describe(const rm_layer *layer, char *text, size_t size) {
  rm_text_add(text, size, "%zu", ((const maxout *)layer)->pieces);
}

const rm_layer_type rm_maxout_type = {
    .name = "Maxout", .bytes = sizeof(maxout), .fields = fields, .forward = forward, .describe = describe};

rm_status rm_maxout_layer(size_t pieces, rm_layer **layer, rm_error *err) {
  if (pieces < 1) return rm_fail(err, RM_ERR_VALUE, "Maxout: pieces must be at least 1, got %zu", pieces);
  RM_TRY(rm_layer_new(&rm_maxout_type, layer, err));
  ((maxout *)*layer)->pieces = pieces;
  return RM_OK;
}
