/* flatten.c -- Flatten: (N, C, H, W) -> (N, C*H*W), or any run of dimensions. */
#include "layers/layer.h"
#include "ops/views/views.h"

typedef struct {
  rm_layer base;
  ptrdiff_t start, end; /* as users count: from 1, or from the end */
} flatten;

static const rm_field fields[] = {{"start_dim", RM_FIELD_DIM, offsetof(flatten, start)},
                                  {"end_dim", RM_FIELD_DIM, offsetof(flatten, end)},
                                  {NULL, 0, 0}};

static rm_status forward(rm_layer *layer, rm_value *value, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)rng;
  const flatten *f = (const flatten *)layer;
  char text[RM_SHAPE_TEXT];
  rm_tensor *x;
  RM_TRY(rm_value_tensor(value, &x, err));
  ptrdiff_t n = (ptrdiff_t)x->ndim;
  ptrdiff_t from = f->start > 0 ? f->start - 1 : n + f->start, to = f->end > 0 ? f->end - 1 : n + f->end;
  if (from < 0 || to < from || to >= n)
    return rm_fail(err, RM_ERR_SHAPE, "Flatten: x is %s, it has no dimensions %td to %td", rm_tensor_text(x, text),
                   f->start, f->end);
  return rm_flatten(x, (size_t)from, (size_t)to, &y->tensor, err);
}

static void describe(const rm_layer *layer, char *text, size_t size) {
  const flatten *f = (const flatten *)layer;
  if (f->start != 2 || f->end != -1) rm_text_add(text, size, "start_dim=%td, end_dim=%td", f->start, f->end);
}

const rm_layer_type rm_flatten_type = {
    .name = "Flatten", .bytes = sizeof(flatten), .fields = fields, .forward = forward, .describe = describe};

rm_status rm_flatten_layer(ptrdiff_t start, ptrdiff_t end, rm_layer **layer, rm_error *err) {
  if (start == 0 || end == 0) return rm_fail(err, RM_ERR_VALUE, "Flatten: dimension 0: dimensions count from 1");
  RM_TRY(rm_layer_new(&rm_flatten_type, layer, err));
  ((flatten *)*layer)->start = start;
  ((flatten *)*layer)->end = end;
  return RM_OK;
}
