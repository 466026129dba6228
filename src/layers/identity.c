/* identity.c -- Identity: x itself, where a network has a place but no layer for it. */
#include "layers/layer.h"

static const rm_field fields[] = {{NULL, 0, 0}};

static rm_status forward(rm_layer *layer, rm_tensor *x, rm_rng *rng, rm_tensor **y, rm_error *err) {
  (void)layer, (void)rng, (void)err;
  *y = rm_tensor_retain(x);
  return RM_OK;
}

static const rm_layer_type type = {"Identity", sizeof(rm_layer), fields, forward, NULL};

bool rm_layer_is_identity(const rm_layer *layer) { return layer->type == &type; }

rm_status rm_identity_layer(rm_layer **layer, rm_error *err) { return rm_layer_new(&type, layer, err); }
