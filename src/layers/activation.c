/* activation.c -- ReLU, Sigmoid, Tanh, SiLU, LeakyReLU, ELU and GELU: elementwise functions as layers.
 *
 * Each has a struct with its own option, if it has one, and a type of its own. */
#include "layers/layer.h"
#include "lazy/fuse.h"
#include "ops/pointwise/pointwise.h"

/* y = op(x), with one number or NULL. */
static rm_status apply(rm_unary_op op, const double *number, rm_value *x, rm_value *y, rm_error *err) {
  rm_tensor *t;
  RM_TRY(rm_value_tensor(x, &t, err));
  return rm_unary(op, t, number, &y->tensor, err);
}

/* --- without options ----------------------------------------------------------------------------- */

static rm_status relu_forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)layer, (void)rng;
  return rm_value_relu(x, y, err);
}
static rm_status sigmoid_forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)layer, (void)rng;
  return apply(RM_SIGMOID, NULL, x, y, err);
}
static rm_status tanh_forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)layer, (void)rng;
  return apply(RM_TANH, NULL, x, y, err);
}
static rm_status silu_forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)layer, (void)rng;
  return apply(RM_SILU, NULL, x, y, err);
}

const rm_layer_type rm_relu_type = {.name = "ReLU", .bytes = sizeof(rm_layer), .forward = relu_forward};
const rm_layer_type rm_sigmoid_type = {.name = "Sigmoid", .bytes = sizeof(rm_layer), .forward = sigmoid_forward};
const rm_layer_type rm_tanh_type = {.name = "Tanh", .bytes = sizeof(rm_layer), .forward = tanh_forward};
const rm_layer_type rm_silu_type = {.name = "SiLU", .bytes = sizeof(rm_layer), .forward = silu_forward};

rm_status rm_relu_layer(rm_layer **layer, rm_error *err) { return rm_layer_new(&rm_relu_type, layer, err); }
rm_status rm_sigmoid_layer(rm_layer **layer, rm_error *err) { return rm_layer_new(&rm_sigmoid_type, layer, err); }
rm_status rm_tanh_layer(rm_layer **layer, rm_error *err) { return rm_layer_new(&rm_tanh_type, layer, err); }
rm_status rm_silu_layer(rm_layer **layer, rm_error *err) { return rm_layer_new(&rm_silu_type, layer, err); }

/* --- LeakyReLU -------------------------------------------------------------------------------------- */

typedef struct {
  rm_layer base;
  double negative_slope;
} leaky_relu;

static const rm_field leaky_relu_fields[] = {{"negative_slope", RM_FIELD_NUMBER, offsetof(leaky_relu, negative_slope)},
                                             {NULL, 0, 0}};

static rm_status leaky_relu_forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)rng;
  return apply(RM_LEAKY_RELU, &((const leaky_relu *)layer)->negative_slope, x, y, err);
}
static void leaky_relu_describe(const rm_layer *layer, char *text, size_t size) {
  rm_text_add(text, size, "negative_slope=%g", ((const leaky_relu *)layer)->negative_slope);
}

const rm_layer_type rm_leaky_relu_type = {.name = "LeakyReLU",
                                          .bytes = sizeof(leaky_relu),
                                          .fields = leaky_relu_fields,
                                          .forward = leaky_relu_forward,
                                          .describe = leaky_relu_describe};

rm_status rm_leaky_relu_layer(double negative_slope, rm_layer **layer, rm_error *err) {
  RM_TRY(rm_layer_new(&rm_leaky_relu_type, layer, err));
  ((leaky_relu *)*layer)->negative_slope = negative_slope;
  return rm_layer_checked(layer, err);
}

/* --- ELU ---------------------------------------------------------------------------------------------- */

typedef struct {
  rm_layer base;
  double alpha;
} elu;

static const rm_field elu_fields[] = {{"alpha", RM_FIELD_NUMBER, offsetof(elu, alpha)}, {NULL, 0, 0}};

static rm_status elu_forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)rng;
  return apply(RM_ELU, &((const elu *)layer)->alpha, x, y, err);
}
static void elu_describe(const rm_layer *layer, char *text, size_t size) {
  rm_text_add(text, size, "alpha=%g", ((const elu *)layer)->alpha);
}

const rm_layer_type rm_elu_type = {
    .name = "ELU", .bytes = sizeof(elu), .fields = elu_fields, .forward = elu_forward, .describe = elu_describe};

rm_status rm_elu_layer(double alpha, rm_layer **layer, rm_error *err) {
  RM_TRY(rm_layer_new(&rm_elu_type, layer, err));
  ((elu *)*layer)->alpha = alpha;
  return rm_layer_checked(layer, err);
}

/* --- GELU --------------------------------------------------------------------------------------------- */

typedef struct {
  rm_layer base;
  rm_gelu_form form;
  const char *approximate; /* its name */
} gelu;

static const rm_field gelu_fields[] = {{"approximate", RM_FIELD_TEXT, offsetof(gelu, approximate)}, {NULL, 0, 0}};

static rm_status gelu_forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)rng;
  return apply(((const gelu *)layer)->form == RM_GELU_BY_TANH ? RM_GELU_TANH : RM_GELU, NULL, x, y, err);
}
static void gelu_describe(const rm_layer *layer, char *text, size_t size) {
  rm_text_add(text, size, "approximate=\"%s\"", ((const gelu *)layer)->approximate);
}

const rm_layer_type rm_gelu_type = {
    .name = "GELU", .bytes = sizeof(gelu), .fields = gelu_fields, .forward = gelu_forward, .describe = gelu_describe};

rm_status rm_gelu_layer(rm_gelu_form form, rm_layer **layer, rm_error *err) {
  RM_TRY(rm_layer_new(&rm_gelu_type, layer, err));
  ((gelu *)*layer)->form = form;
  ((gelu *)*layer)->approximate = form == RM_GELU_BY_TANH ? "tanh" : "none";
  return RM_OK;
}
