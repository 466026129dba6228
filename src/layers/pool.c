/* pool.c -- MaxPool2d, AvgPool2d, AdaptiveAvgPool2d. */
#include "layers/layer.h"

typedef struct {
  rm_layer base;
  rm_pool_options options; /* adaptive: options.kernel is the output size */
} pool;

static const rm_field max_fields[] = {{"kernel_size", RM_FIELD_PAIR, offsetof(pool, options.kernel)},
                                      {"stride", RM_FIELD_PAIR, offsetof(pool, options.stride)},
                                      {"padding", RM_FIELD_PAIR, offsetof(pool, options.padding)},
                                      {"dilation", RM_FIELD_PAIR, offsetof(pool, options.dilation)},
                                      {"ceil_mode", RM_FIELD_BOOL, offsetof(pool, options.ceil_mode)},
                                      {NULL, 0, 0}};
static const rm_field avg_fields[] = {{"kernel_size", RM_FIELD_PAIR, offsetof(pool, options.kernel)},
                                      {"stride", RM_FIELD_PAIR, offsetof(pool, options.stride)},
                                      {"padding", RM_FIELD_PAIR, offsetof(pool, options.padding)},
                                      {"ceil_mode", RM_FIELD_BOOL, offsetof(pool, options.ceil_mode)},
                                      {"count_include_pad", RM_FIELD_BOOL, offsetof(pool, options.count_include_pad)},
                                      {NULL, 0, 0}};
static const rm_field adaptive_fields[] = {{"output_size", RM_FIELD_PAIR, offsetof(pool, options.kernel)},
                                           {NULL, 0, 0}};

static const rm_pool_options *options_of(const rm_layer *layer) { return &((const pool *)layer)->options; }

static rm_status max_forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)rng;
  rm_tensor *t;
  RM_TRY(rm_value_tensor(x, &t, err));
  return rm_max_pool2d(t, options_of(layer), &y->tensor, NULL, err);
}
static rm_status avg_forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)rng;
  rm_tensor *t;
  RM_TRY(rm_value_tensor(x, &t, err));
  return rm_avg_pool2d(t, options_of(layer), &y->tensor, err);
}
static rm_status adaptive_forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)rng;
  rm_tensor *t;
  RM_TRY(rm_value_tensor(x, &t, err));
  return rm_adaptive_avg_pool2d(t, options_of(layer)->kernel, &y->tensor, err);
}

static void describe(const rm_layer *layer, char *text, size_t size) {
  const rm_pool_options *o = options_of(layer);
  rm_text_pair(text, size, "kernel_size", o->kernel);
  rm_text_pair(text, size, "stride", o->stride);
  rm_text_pair(text, size, "padding", o->padding);
  if (o->dilation[0] > 1 || o->dilation[1] > 1) rm_text_pair(text, size, "dilation", o->dilation);
  if (o->ceil_mode) rm_text_add(text, size, ", ceil_mode=true");
  if (layer->type->fields == avg_fields && !o->count_include_pad) rm_text_add(text, size, ", count_include_pad=false");
}
static void adaptive_describe(const rm_layer *layer, char *text, size_t size) {
  rm_text_pair(text, size, "output_size", options_of(layer)->kernel);
}

const rm_layer_type rm_max_pool_type = {
    .name = "MaxPool2d", .bytes = sizeof(pool), .fields = max_fields, .forward = max_forward, .describe = describe};
const rm_layer_type rm_avg_pool_type = {
    .name = "AvgPool2d", .bytes = sizeof(pool), .fields = avg_fields, .forward = avg_forward, .describe = describe};
const rm_layer_type rm_adaptive_avg_pool_type = {.name = "AdaptiveAvgPool2d",
                                                 .bytes = sizeof(pool),
                                                 .fields = adaptive_fields,
                                                 .forward = adaptive_forward,
                                                 .describe = adaptive_describe};

static rm_status make(const rm_layer_type *type, const rm_pool_options *options, rm_layer **layer, rm_error *err) {
  for (size_t i = 0; i < 2; i++)
    if (options->kernel[i] == 0 || options->stride[i] == 0)
      return rm_fail(err, RM_ERR_VALUE, "%s: sizes must be at least 1, got %zux%zu%s", type->name, options->kernel[0],
                     options->kernel[1], options->kernel[0] && options->kernel[1] ? ", but a stride of 0" : "");
  RM_TRY(rm_layer_new(type, layer, err));
  ((pool *)*layer)->options = *options;
  return RM_OK;
}

rm_status rm_max_pool_layer(const rm_pool_options *options, rm_layer **layer, rm_error *err) {
  return make(&rm_max_pool_type, options, layer, err);
}

rm_status rm_avg_pool_layer(const rm_pool_options *options, rm_layer **layer, rm_error *err) {
  return make(&rm_avg_pool_type, options, layer, err);
}

rm_status rm_adaptive_avg_pool_layer(const size_t size[2], rm_layer **layer, rm_error *err) {
  return make(&rm_adaptive_avg_pool_type, &(rm_pool_options){.kernel = {size[0], size[1]}, .stride = {1, 1}}, layer,
              err);
}
