/* identity.c -- Identity: x itself, where a network has a place but no layer for it. */
#include "layers/layer.h"

const rm_layer_type rm_identity_type = {.name = "Identity", .bytes = sizeof(rm_layer)};

rm_status rm_identity_layer(rm_layer **layer, rm_error *err) { return rm_layer_new(&rm_identity_type, layer, err); }
