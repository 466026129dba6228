/* softmax.c -- Softmax and LogSoftmax along one dimension. */
#include "layers/layer.h"
#include "ops/norm/softmax.h"

typedef struct {
  rm_layer base;
  ptrdiff_t dim; /* as users count: from 1, or from the end */
} softmax;

static const rm_field fields[] = {{"dim", RM_FIELD_DIM, offsetof(softmax, dim)}, {NULL, 0, 0}};

static rm_status along(const rm_layer *layer, const rm_tensor *x, size_t *dim, rm_error *err) {
  ptrdiff_t n = (ptrdiff_t)x->ndim, d = ((const softmax *)layer)->dim;
  char text[RM_SHAPE_TEXT];
  if (d == 0 || d > n || d < -n)
    return rm_fail(err, RM_ERR_SHAPE, "%s: x is %s, it has no dimension %td", layer->type->name,
                   rm_tensor_text(x, text), d);
  *dim = (size_t)(d > 0 ? d - 1 : n + d);
  return RM_OK;
}

static rm_status softmax_forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)rng;
  rm_tensor *t;
  size_t dim = 0;
  RM_TRY(rm_value_tensor(x, &t, err));
  RM_TRY(along(layer, t, &dim, err));
  return rm_softmax(t, dim, &y->tensor, err);
}

static rm_status log_softmax_forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)rng;
  rm_tensor *t;
  size_t dim = 0;
  RM_TRY(rm_value_tensor(x, &t, err));
  RM_TRY(along(layer, t, &dim, err));
  return rm_log_softmax(t, dim, &y->tensor, err);
}

static void describe(const rm_layer *layer, char *text, size_t size) {
  rm_text_add(text, size, "dim=%td", ((const softmax *)layer)->dim);
}

const rm_layer_type rm_softmax_type = {
    .name = "Softmax", .bytes = sizeof(softmax), .fields = fields, .forward = softmax_forward, .describe = describe};
const rm_layer_type rm_log_softmax_type = {.name = "LogSoftmax",
                                           .bytes = sizeof(softmax),
                                           .fields = fields,
                                           .forward = log_softmax_forward,
                                           .describe = describe};

static rm_status make(const rm_layer_type *type, ptrdiff_t dim, rm_layer **layer, rm_error *err) {
  RM_TRY(rm_layer_new(type, layer, err));
  ((softmax *)*layer)->dim = dim;
  return RM_OK;
}

rm_status rm_softmax_layer(ptrdiff_t dim, rm_layer **layer, rm_error *err) {
  return make(&rm_softmax_type, dim, layer, err);
}
rm_status rm_log_softmax_layer(ptrdiff_t dim, rm_layer **layer, rm_error *err) {
  return make(&rm_log_softmax_type, dim, layer, err);
}
