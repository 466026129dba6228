/* box.h -- what the bindings keep for one Lua state: no globals, so two states in one
 * process do not meet. */
#ifndef RM_BIND_BOX_H
#define RM_BIND_BOX_H

#include "bind/bind.h"

/* When a collection ended and how long it took, in seconds. */
typedef struct {
  double ended, cost;
} bind_pace;

typedef struct {
  rm_rng generators[BIND_RNG_COUNT];
  size_t least;          /* live bytes when they were fewest since the collector last ran */
  int full_lua_kib;      /* memory of Lua's own objects from which a full collection pays */
  size_t full_limit;     /* live bytes from which a full collection pays */
  size_t usual;          /* the most live bytes that full collections have left of late */
  size_t full_live;      /* live bytes when they were fewest since the last full collection */
  bind_pace young, full; /* the last collections */
} bind_state;

bind_state *bind_getstate(lua_State *L);

#endif
