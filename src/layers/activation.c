/* activation.c -- ReLU and its like, Maxout, Softmax and LogSoftmax as layers. */
#include <math.h>
#include "layers/layer.h"
#include "ops/pointwise/pointwise.h"
#include "ops/norm/softmax.h"

typedef struct {
  rm_layer base;
  double value;     /* the slope of LeakyReLU, the alpha of ELU */
  size_t pieces;    /* of Maxout */
  ptrdiff_t dim;    /* of Softmax: as users count */
  const char *form; /* of GELU */
} activation;

static const rm_field none[] = {{NULL, 0, 0}};
static const rm_field slope[] = {{"negative_slope", RM_FIELD_NUMBER, offsetof(activation, value)}, {NULL, 0, 0}};
static const rm_field alpha[] = {{"alpha", RM_FIELD_NUMBER, offsetof(activation, value)}, {NULL, 0, 0}};
static const rm_field form[] = {{"approximate", RM_FIELD_TEXT, offsetof(activation, form)}, {NULL, 0, 0}};
static const rm_field pieces[] = {{"pieces", RM_FIELD_SIZE, offsetof(activation, pieces)}, {NULL, 0, 0}};
static const rm_field dim[] = {{"dim", RM_FIELD_DIM, offsetof(activation, dim)}, {NULL, 0, 0}};

static const rm_layer_type types[];

static rm_status unary_forward(rm_layer *layer, rm_tensor *x, rm_rng *rng, rm_tensor **y, rm_error *err) {
  static const rm_unary_op ops[] = {
      [RM_LAYER_RELU] = RM_RELU,       [RM_LAYER_LEAKY_RELU] = RM_LEAKY_RELU, [RM_LAYER_ELU] = RM_ELU,
      [RM_LAYER_SIGMOID] = RM_SIGMOID, [RM_LAYER_TANH] = RM_TANH,             [RM_LAYER_SILU] = RM_SILU,
      [RM_LAYER_GELU] = RM_GELU};
  (void)rng;
  const activation *a = (const activation *)layer;
  rm_unary_op op = ops[layer->type - types];
  if (op == RM_GELU && a->value != 0) op = RM_GELU_TANH;
  return rm_unary(op, x, &a->value, y, err);
}

static rm_status maxout_forward(rm_layer *layer, rm_tensor *x, rm_rng *rng, rm_tensor **y, rm_error *err) {
  (void)rng;
  return rm_maxout(x, ((const activation *)layer)->pieces, y, err);
}

static rm_status softmax_forward(rm_layer *layer, rm_tensor *x, rm_rng *rng, rm_tensor **y, rm_error *err) {
  (void)rng;
  ptrdiff_t n = (ptrdiff_t)x->ndim, d = ((const activation *)layer)->dim;
  char text[RM_SHAPE_TEXT];
  if (d == 0 || d > n || d < -n)
    return rm_fail(err, RM_ERR_SHAPE, "%s: x is %s, it has no dimension %td", layer->type->name,
                   rm_tensor_text(x, text), d);
  size_t at = (size_t)(d > 0 ? d - 1 : n + d);
  return layer->type == &types[RM_LAYER_SOFTMAX] ? rm_softmax(x, at, y, err) : rm_log_softmax(x, at, y, err);
}

static void describe(const rm_layer *layer, char *text, size_t size) {
  const activation *a = (const activation *)layer;
  const rm_field *field = layer->type->fields;
  if (field == slope || field == alpha) rm_text_add(text, size, "%s=%g", field->name, a->value);
  if (field == form) rm_text_add(text, size, "approximate=\"%s\"", a->form);
  if (field == pieces) rm_text_add(text, size, "%zu", a->pieces);
  if (field == dim) rm_text_add(text, size, "dim=%td", a->dim);
}

static const rm_layer_type types[] = {
    [RM_LAYER_RELU] = {"ReLU", sizeof(activation), none, unary_forward, NULL},
    [RM_LAYER_LEAKY_RELU] = {"LeakyReLU", sizeof(activation), slope, unary_forward, describe},
    [RM_LAYER_ELU] = {"ELU", sizeof(activation), alpha, unary_forward, describe},
    [RM_LAYER_SIGMOID] = {"Sigmoid", sizeof(activation), none, unary_forward, NULL},
    [RM_LAYER_TANH] = {"Tanh", sizeof(activation), none, unary_forward, NULL},
    [RM_LAYER_SILU] = {"SiLU", sizeof(activation), none, unary_forward, NULL},
    [RM_LAYER_GELU] = {"GELU", sizeof(activation), form, unary_forward, describe},
    [RM_LAYER_MAXOUT] = {"Maxout", sizeof(activation), pieces, maxout_forward, describe},
    [RM_LAYER_SOFTMAX] = {"Softmax", sizeof(activation), dim, softmax_forward, describe},
    [RM_LAYER_LOG_SOFTMAX] = {"LogSoftmax", sizeof(activation), dim, softmax_forward, describe},
};

bool rm_layer_is_relu(const rm_layer *layer) { return layer->type == &types[RM_LAYER_RELU]; }

rm_status rm_activation_layer(rm_activation_kind kind, double value, rm_layer **layer, rm_error *err) {
  const rm_field *field = types[kind].fields;
  if (field == pieces && !(value >= 1))
    return rm_fail(err, RM_ERR_VALUE, "Maxout: pieces must be at least 1, got %g", value);
  RM_TRY(rm_layer_new(&types[kind], layer, err));
  activation *a = (activation *)*layer;
  a->value = value;
  if (field == pieces) a->pieces = (size_t)value;
  if (field == dim) a->dim = (ptrdiff_t)value;
  if (field == form) a->form = value == 0 ? "none" : "tanh";
  return RM_OK;
}
