/* linear.c -- Linear: weight (out, in) and bias (out). */
#include "layers/layer.h"
#include "ops/linalg/linear.h"

typedef struct {
  rm_layer base;
  size_t in, out;
} linear;

static const rm_field fields[] = {{"in_features", RM_FIELD_SIZE, offsetof(linear, in)},
                                  {"out_features", RM_FIELD_SIZE, offsetof(linear, out)},
                                  {NULL, 0, 0}};
static const rm_slot_kind slots[] = {
    {"weight", RM_PARAMETER, RM_FLOAT32, false}, {"bias", RM_PARAMETER, RM_FLOAT32, true}, {NULL, 0, 0, false}};

static rm_tensor *bias_of(const rm_layer *layer) { return layer->nparameters > 1 ? layer->parameters[1].tensor : NULL; }

static rm_status forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)rng;
  rm_tensor *t;
  RM_TRY(rm_value_tensor(x, &t, err));
  return rm_linear(t, layer->parameters[0].tensor, bias_of(layer), &y->tensor, err);
}

static void describe(const rm_layer *layer, char *text, size_t size) {
  const linear *l = (const linear *)layer;
  rm_text_add(text, size, "%zu, %zu", l->in, l->out);
  if (!bias_of(layer)) rm_text_add(text, size, ", bias=false");
}

const rm_layer_type rm_linear_type = {.name = "Linear",
                                      .bytes = sizeof(linear),
                                      .slots = slots,
                                      .fields = fields,
                                      .forward = forward,
                                      .describe = describe};

rm_status rm_linear_layer(size_t in, size_t out, bool bias, rm_rng *init, rm_layer **layer, rm_error *err) {
  if (in == 0 || out == 0)
    return rm_fail(err, RM_ERR_VALUE, "Linear: features must be at least 1, got %zu and %zu", in, out);
  rm_layer *made = NULL;
  RM_TRY(rm_layer_new(&rm_linear_type, &made, err));
  ((linear *)made)->in = in;
  ((linear *)made)->out = out;
  rm_status status = rm_layer_add_slot(made, "weight", 2, (size_t[]){out, in}, err);
  if (status == RM_OK && bias) status = rm_layer_add_slot(made, "bias", 1, &out, err);
  if (status == RM_OK) status = rm_layer_init_uniform(made, in, init, err);
  if (status == RM_OK) *layer = made;
  else rm_layer_free(made);
  return status;
}
