/* conv2d.c -- Conv2d: weight (out, in/groups, kernel height, width) and bias (out). */
#include "layers/layer.h"
#include "lazy/fuse.h"

typedef struct {
  rm_layer base;
  size_t in, out, kernel[2];
  rm_conv_options options;
  const char *border; /* its name */
} conv2d;

static const rm_field fields[] = {{"in_channels", RM_FIELD_SIZE, offsetof(conv2d, in)},
                                  {"out_channels", RM_FIELD_SIZE, offsetof(conv2d, out)},
                                  {"kernel_size", RM_FIELD_PAIR, offsetof(conv2d, kernel)},
                                  {"stride", RM_FIELD_PAIR, offsetof(conv2d, options.stride)},
                                  {"padding", RM_FIELD_PADDING, offsetof(conv2d, options)},
                                  {"padding_mode", RM_FIELD_TEXT, offsetof(conv2d, border)},
                                  {"dilation", RM_FIELD_PAIR, offsetof(conv2d, options.dilation)},
                                  {"groups", RM_FIELD_SIZE, offsetof(conv2d, options.groups)},
                                  {NULL, 0, 0}};
static const rm_slot_kind slots[] = {
    {"weight", RM_PARAMETER, RM_FLOAT32, false}, {"bias", RM_PARAMETER, RM_FLOAT32, true}, {NULL, 0, 0, false}};

static rm_tensor *bias_of(const rm_layer *layer) { return layer->nparameters > 1 ? layer->parameters[1].tensor : NULL; }

static rm_status forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)rng;
  return rm_value_conv2d(x, layer->parameters[0].tensor, bias_of(layer), &((conv2d *)layer)->options, y, err);
}

static void describe(const rm_layer *layer, char *text, size_t size) {
  const conv2d *c = (const conv2d *)layer;
  rm_text_add(text, size, "%zu, %zu", c->in, c->out);
  rm_text_pair(text, size, "kernel_size", c->kernel);
  rm_text_pair(text, size, "stride", c->options.stride);
  if (c->options.same) rm_text_add(text, size, ", padding=\"same\"");
  else if (c->options.padding[0] || c->options.padding[1]) rm_text_pair(text, size, "padding", c->options.padding);
  if (c->options.dilation[0] != 1 || c->options.dilation[1] != 1)
    rm_text_pair(text, size, "dilation", c->options.dilation);
  if (c->options.groups != 1) rm_text_add(text, size, ", groups=%zu", c->options.groups);
  if (!bias_of(layer)) rm_text_add(text, size, ", bias=false");
  if (c->options.border != RM_BORDER_ZEROS) rm_text_add(text, size, ", padding_mode=\"%s\"", c->border);
}

const rm_layer_type rm_conv2d_type = {.name = "Conv2d",
                                      .bytes = sizeof(conv2d),
                                      .slots = slots,
                                      .fields = fields,
                                      .forward = forward,
                                      .describe = describe};

static rm_status check(size_t in, size_t out, const size_t kernel[2], const rm_conv_options *o, rm_error *err) {
  if (in == 0 || out == 0)
    return rm_fail(err, RM_ERR_VALUE, "Conv2d: channels must be at least 1, got %zu and %zu", in, out);
  for (size_t i = 0; i < 2; i++)
    if (kernel[i] == 0 || o->stride[i] == 0 || o->dilation[i] == 0)
      return rm_fail(err, RM_ERR_VALUE, "Conv2d: kernel, stride and dilation must be at least 1, got %zu, %zu, %zu",
                     kernel[i], o->stride[i], o->dilation[i]);
  if (o->groups == 0 || in % o->groups || out % o->groups)
    return rm_fail(err, RM_ERR_VALUE, "Conv2d: %zu and %zu channels cannot be divided into %zu groups", in, out,
                   o->groups);
  if (o->same && (o->stride[0] != 1 || o->stride[1] != 1))
    return rm_fail(err, RM_ERR_VALUE, "Conv2d: padding=\"same\" goes with stride 1 only, got %zu and %zu", o->stride[0],
                   o->stride[1]);
  return RM_OK;
}

rm_status rm_conv2d_layer(size_t in, size_t out, const size_t kernel[2], const rm_conv_options *options, bool bias,
                          rm_rng *init, rm_layer **layer, rm_error *err) {
  RM_TRY(check(in, out, kernel, options, err));
  rm_layer *made = NULL;
  RM_TRY(rm_layer_new(&rm_conv2d_type, &made, err));
  conv2d *c = (conv2d *)made;
  c->in = in, c->out = out, c->options = *options;
  c->border = rm_border_name(options->border);
  c->kernel[0] = kernel[0], c->kernel[1] = kernel[1];
  size_t shape[4] = {out, in / options->groups, kernel[0], kernel[1]};
  rm_status status = rm_layer_add_slot(made, "weight", 4, shape, err);
  if (status == RM_OK && bias) status = rm_layer_add_slot(made, "bias", 1, &out, err);
  if (status == RM_OK) status = rm_layer_init_uniform(made, shape[1] * kernel[0] * kernel[1], init, err);
  if (status == RM_OK) *layer = made;
  else rm_layer_free(made);
  return status;
}
