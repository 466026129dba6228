/* layer.c -- what all layers have in common: slots for tensors, and a line of text. */
#include "layers/layer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "memory/alloc.h"
#include "core/tape.h"

rm_status rm_layer_new(const rm_layer_type *type, rm_layer **out, rm_error *err) {
  rm_layer *layer = rm_alloc(type->bytes);
  if (!layer) return rm_fail(err, RM_ERR_MEMORY, "%s: out of memory", type->name);
  memset(layer, 0, type->bytes);
  layer->type = type;
  layer->training = true;
  *out = layer;
  return RM_OK;
}

void rm_layer_free(rm_layer *layer) {
  if (!layer) return;
  for (size_t i = 0; i < layer->nparameters; i++) rm_tensor_release(layer->parameters[i].tensor);
  for (size_t i = 0; i < layer->nbuffers; i++) rm_tensor_release(layer->buffers[i].tensor);
  rm_free(layer, layer->type->bytes);
}

/* Settings lie in the struct itself, and texts among them are static: all but the tensors is copied byte by byte. */
rm_status rm_layer_copy(const rm_layer *layer, rm_layer **out, rm_error *err) {
  rm_layer *copy;
  RM_TRY(rm_layer_new(layer->type, &copy, err));
  memcpy(copy, layer, layer->type->bytes);
  for (size_t i = 0; i < copy->nparameters; i++) rm_tensor_retain(copy->parameters[i].tensor);
  for (size_t i = 0; i < copy->nbuffers; i++) rm_tensor_retain(copy->buffers[i].tensor);
  *out = copy;
  return RM_OK;
}

rm_status rm_layer_forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err) {
  if (layer->type->forward) return layer->type->forward(layer, x, rng, y, err);
  *y = rm_value_retain(x);
  return RM_OK;
}

const rm_field *rm_layer_fields(const rm_layer *layer) {
  static const rm_field none[] = {{NULL, 0, 0}};
  return layer->type->fields ? layer->type->fields : none;
}

bool rm_field_is_number(const rm_field *field) {
  return field->kind >= RM_FIELD_NUMBER && field->kind <= RM_FIELD_SHARE_OR_NONE;
}

static rm_status check_number(const rm_layer *layer, const rm_field *field, double x, rm_error *err) {
  const char *must = NULL;
  switch (field->kind) {
    case RM_FIELD_NOT_NEGATIVE: must = !(x >= 0) ? "not be negative" : isfinite(x) ? NULL : "be finite"; break;
    case RM_FIELD_PROBABILITY: must = x >= 0 && x <= 1 ? NULL : "be a probability, 0 to 1"; break;
    case RM_FIELD_SHARE_OR_NONE: must = (x >= 0 && x <= 1) || isnan(x) ? NULL : "be 0 to 1, or false"; break;
    default: must = isfinite(x) ? NULL : "be finite";
  }
  if (!must) return RM_OK;
  return rm_fail(err, RM_ERR_VALUE, "%s: %s must %s, got %g", layer->type->name, field->name, must, x);
}

rm_status rm_layer_set_number(rm_layer *layer, const rm_field *field, double value, rm_error *err) {
  RM_TRY(check_number(layer, field, value, err));
  *(double *)((char *)layer + field->offset) = value;
  return RM_OK;
}

rm_status rm_layer_check_numbers(const rm_layer *layer, rm_error *err) {
  for (const rm_field *f = rm_layer_fields(layer); f->name; f++)
    if (rm_field_is_number(f)) RM_TRY(check_number(layer, f, *(const double *)((const char *)layer + f->offset), err));
  return RM_OK;
}

rm_status rm_layer_checked(rm_layer **layer, rm_error *err) {
  rm_status status = rm_layer_check_numbers(*layer, err);
  if (status != RM_OK) rm_layer_free(*layer), *layer = NULL;
  return status;
}

#define RM_POINTER(name) &rm_##name##_type,
const rm_layer_type *const rm_layer_types[] = {RM_LAYER_TYPES(RM_POINTER) NULL};
#undef RM_POINTER

/* --- slots --------------------------------------------------------------------------------- */

static const rm_slot_kind *find_kind(const rm_layer_type *type, const char *name) {
  for (const rm_slot_kind *k = type->slots; k && k->name; k++)
    if (strcmp(k->name, name) == 0) return k;
  return NULL;
}

rm_status rm_layer_add_slot(rm_layer *layer, const char *name, size_t ndim, const size_t shape[], rm_error *err) {
  const rm_slot_kind *kind = find_kind(layer->type, name);
  if (!kind) return rm_fail(err, RM_ERR_STATE, "%s has no slot \"%s\"", layer->type->name, name);
  bool parameter = kind->role == RM_PARAMETER;
  rm_slot *slot = parameter ? &layer->parameters[layer->nparameters] : &layer->buffers[layer->nbuffers];
  RM_TRY(rm_tensor_zeros(kind->dtype, ndim, shape, &slot->tensor, err));
  slot->name = kind->name;
  if (!parameter) return layer->nbuffers++, RM_OK;
  layer->nparameters++;
  return rm_tensor_set_requires_grad(slot->tensor, true, err);
}

bool rm_slot_may_be_absent(const char *name) {
  for (const rm_layer_type *const *type = rm_layer_types; *type; type++) {
    const rm_slot_kind *kind = find_kind(*type, name);
    if (kind && kind->may_be_absent) return true;
  }
  return false;
}

rm_status rm_layer_init_uniform(rm_layer *layer, size_t fan_in, rm_rng *init, rm_error *err) {
  float bound = (float)(1 / sqrt((double)fan_in));
  for (size_t i = 0; i < layer->nparameters; i++)
    RM_TRY(rm_rng_fill_uniform(init, layer->parameters[i].tensor, -bound, bound, err));
  return RM_OK;
}

rm_slot *rm_layer_slot(rm_layer *layer, const char *name) {
  for (size_t i = 0; i < layer->nparameters; i++)
    if (strcmp(layer->parameters[i].name, name) == 0) return &layer->parameters[i];
  for (size_t i = 0; i < layer->nbuffers; i++)
    if (strcmp(layer->buffers[i].name, name) == 0) return &layer->buffers[i];
  return NULL;
}

rm_status rm_layer_replace(rm_layer *layer, rm_slot *slot, rm_tensor *tensor, rm_error *err) {
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  const rm_tensor *old = slot->tensor;
  bool parameter = slot >= layer->parameters && slot < layer->parameters + layer->nparameters;
  if (tensor->dtype != old->dtype || !rm_tensor_same_shape(tensor, old))
    return rm_fail(err, RM_ERR_SHAPE, "%s.%s: got %s %s, expected %s %s", layer->type->name, slot->name,
                   rm_dtype_name(tensor->dtype), rm_tensor_text(tensor, a), rm_dtype_name(old->dtype),
                   rm_tensor_text(old, b));
  if (parameter && tensor->node)
    return rm_advise(
        err, RM_ADVICE_DETACH, "",
        rm_fail(err, RM_ERR_STATE, "%s.%s: a computed tensor cannot be a parameter", layer->type->name, slot->name));
  if (parameter) RM_TRY(rm_tensor_set_requires_grad(tensor, true, err));
  rm_tensor_retain(tensor);
  rm_tensor_release(slot->tensor);
  slot->tensor = tensor;
  return RM_OK;
}

/* --- text ------------------------------------------------------------------------------------ */

void rm_text_add(char *text, size_t size, const char *format, ...) {
  size_t used = strlen(text);
  va_list args;
  va_start(args, format);
  rm_format(text + used, size - used, format, args);
  va_end(args);
}

void rm_text_pair(char *text, size_t size, const char *name, const size_t pair[2]) {
  const char *comma = *text ? ", " : "";
  if (pair[0] == pair[1]) rm_text_add(text, size, "%s%s=%zu", comma, name, pair[0]);
  else rm_text_add(text, size, "%s%s={%zu, %zu}", comma, name, pair[0], pair[1]);
}

char *rm_layer_text(const rm_layer *layer, char text[RM_LAYER_TEXT]) {
  char inside[RM_LAYER_TEXT - 40] = "";
  if (layer->type->describe) layer->type->describe(layer, inside, sizeof inside);
  snprintf(text, RM_LAYER_TEXT, "%s(%s)", layer->type->name, inside);
  return text;
}
