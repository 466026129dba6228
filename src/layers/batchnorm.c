/* batchnorm.c -- BatchNorm1d and BatchNorm2d: weight and bias (C), and the running statistics.
 *
 * num_batches_tracked counts the batches seen in training. It matters only for the plain
 * average (momentum none), and is kept because checkpoints of the field have it. */
#include <math.h>
#include "core/tape.h"
#include "layers/layer.h"
#include "lazy/fuse.h"

typedef struct {
  rm_layer base;
  size_t features;
  rm_batch_norm_config config;
} batch_norm;

enum { RUNNING_MEAN, RUNNING_VAR, BATCHES };

static const rm_field fields[] = {
    {"num_features", RM_FIELD_SIZE, offsetof(batch_norm, features)},
    {"eps", RM_FIELD_NOT_NEGATIVE, offsetof(batch_norm, config.eps)},
    {"momentum", RM_FIELD_SHARE_OR_NONE, offsetof(batch_norm, config.momentum)},
    {"affine", RM_FIELD_BOOL, offsetof(batch_norm, config.affine)},
    {"track_running_stats", RM_FIELD_BOOL, offsetof(batch_norm, config.track_running_stats)},
    {NULL, 0, 0}};

static const rm_slot_kind slots[] = {
    {"weight", RM_PARAMETER, RM_FLOAT32, true},         {"bias", RM_PARAMETER, RM_FLOAT32, true},
    {"running_mean", RM_BUFFER, RM_FLOAT32, true},      {"running_var", RM_BUFFER, RM_FLOAT32, true},
    {"num_batches_tracked", RM_BUFFER, RM_INT64, true}, {NULL, 0, 0, false}};

static rm_status check_input(const rm_layer *layer, size_t ndim, const size_t shape[], rm_error *err) {
  const batch_norm *b = (const batch_norm *)layer;
  bool images = layer->type == &rm_batch_norm_2d_type;
  char text[RM_SHAPE_TEXT];
  if (images ? ndim != 4 : ndim != 2 && ndim != 3)
    return rm_fail(err, RM_ERR_SHAPE, "%s: x is %s, expected %s", layer->type->name, rm_shape_text(ndim, shape, text),
                   images ? "(N, C, H, W)" : "(N, C) or (N, C, L)");
  if (shape[1] != b->features)
    return rm_fail(err, RM_ERR_SHAPE, "%s: x has %zu channels, expected %zu\n  x  %s", layer->type->name, shape[1],
                   b->features, rm_shape_text(ndim, shape, text));
  return RM_OK;
}

/* A batch that is refused is not counted, nor one that is computed once more for its gradient, nor one of no images,
 * which moves no statistics: the plain average would weigh it. */
static rm_status forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  (void)rng;
  const batch_norm *b = (const batch_norm *)layer;
  const rm_batch_norm_config *c = &b->config;
  rm_tensor *weight = c->affine ? layer->parameters[0].tensor : NULL;
  rm_tensor *bias = c->affine ? layer->parameters[1].tensor : NULL;
  rm_tensor *mean = c->track_running_stats ? layer->buffers[RUNNING_MEAN].tensor : NULL;
  rm_tensor *var = c->track_running_stats ? layer->buffers[RUNNING_VAR].tensor : NULL;
  rm_tensor *batches = mean && layer->training && !rm_tape_replaying() ? layer->buffers[BATCHES].tensor : NULL;
  rm_batch_norm_options options = {layer->training, c->momentum, c->eps};
  size_t ndim;
  const size_t *shape = rm_value_shape(x, &ndim);
  RM_TRY(check_input(layer, ndim, shape, err));
  if (batches && isnan(c->momentum)) options.momentum = 1 / (double)(*rm_tensor_i64(batches) + 1);
  bool empty = false;
  for (size_t d = 0; d < ndim; d++) empty = empty || shape[d] == 0;
  RM_TRY(rm_value_batch_norm(x, weight, bias, mean, var, &options, y, err));
  if (!batches || empty) return RM_OK;
  ++*rm_tensor_i64(batches);
  rm_tensor_mark_written(batches);
  return RM_OK;
}

static void describe(const rm_layer *layer, char *text, size_t size) {
  const batch_norm *b = (const batch_norm *)layer;
  rm_text_add(text, size, "%zu, eps=%g", b->features, b->config.eps);
  if (isnan(b->config.momentum)) rm_text_add(text, size, ", momentum=false");
  else rm_text_add(text, size, ", momentum=%g", b->config.momentum);
  if (!b->config.affine) rm_text_add(text, size, ", affine=false");
  if (!b->config.track_running_stats) rm_text_add(text, size, ", track_running_stats=false");
}

const rm_layer_type rm_batch_norm_1d_type = {.name = "BatchNorm1d",
                                             .op = "batch_norm",
                                             .bytes = sizeof(batch_norm),
                                             .slots = slots,
                                             .fields = fields,
                                             .forward = forward,
                                             .describe = describe};
const rm_layer_type rm_batch_norm_2d_type = {.name = "BatchNorm2d",
                                             .op = "batch_norm",
                                             .bytes = sizeof(batch_norm),
                                             .slots = slots,
                                             .fields = fields,
                                             .forward = forward,
                                             .describe = describe};

static void fill(rm_tensor *t, float value) {
  for (size_t i = 0; i < t->numel; i++) rm_tensor_f32(t)[i] = value;
}

static rm_status add_slots(rm_layer *layer, size_t features, const rm_batch_norm_config *config, rm_error *err) {
  if (config->affine) {
    RM_TRY(rm_layer_add_slot(layer, "weight", 1, &features, err));
    RM_TRY(rm_layer_add_slot(layer, "bias", 1, &features, err));
    fill(layer->parameters[0].tensor, 1);
  }
  if (config->track_running_stats) {
    RM_TRY(rm_layer_add_slot(layer, "running_mean", 1, &features, err));
    RM_TRY(rm_layer_add_slot(layer, "running_var", 1, &features, err));
    RM_TRY(rm_layer_add_slot(layer, "num_batches_tracked", 0, NULL, err));
    fill(layer->buffers[RUNNING_VAR].tensor, 1);
  }
  return RM_OK;
}

rm_status rm_batch_norm_layer(size_t features, size_t dims, const rm_batch_norm_config *config, rm_layer **layer,
                              rm_error *err) {
  const rm_layer_type *type = dims == 2 ? &rm_batch_norm_2d_type : &rm_batch_norm_1d_type;
  if (features == 0) return rm_fail(err, RM_ERR_VALUE, "%s: channels must be at least 1, got 0", type->name);
  rm_layer *made = NULL;
  RM_TRY(rm_layer_new(type, &made, err));
  ((batch_norm *)made)->features = features;
  ((batch_norm *)made)->config = *config;
  rm_status status = rm_layer_check_numbers(made, err);
  if (status == RM_OK) status = add_slots(made, features, config, err);
  if (status == RM_OK) *layer = made;
  else rm_layer_free(made);
  return status;
}
