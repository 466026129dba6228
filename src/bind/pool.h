/* pool.h -- arguments that pooling functions and layers read alike. */
#ifndef RM_BIND_POOL_H
#define RM_BIND_POOL_H

#include "bind/bind.h"
#include "ops/pool/pool.h"

/* A size at `arg`: a number, or {height, width}. */
void bind_checkpair(lua_State *L, int arg, const char *op, size_t pair[2]);
/* The window at `arg` and the options behind it; the stride is the window unless given. */
rm_pool_options bind_checkpool(lua_State *L, int arg, const char *op);

#endif
