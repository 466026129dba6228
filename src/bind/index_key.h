/* index_key.h -- what stands between the brackets of x[...]. */
#ifndef RM_BIND_INDEX_KEY_H
#define RM_BIND_INDEX_KEY_H

#include "bind/bind.h"
#include "ops/views/views.h"

/* The key at stack index 2: a range for each dimension of x, and, for each dimension that these leave, a mask or list
 * as in ops/index/lists.h, or NULL. Returns whether there is one. The key keeps the tensors. */
bool bind_checkkey(lua_State *L, const rm_tensor *x, rm_range ranges[RM_MAX_DIMS], rm_tensor *lists[RM_MAX_DIMS]);

#endif
