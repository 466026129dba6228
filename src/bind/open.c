/* open.c -- the table `resmoon.core`: all that is bound, gathered. */
#include "bind/bind.h"

/* To bind one more file is to add a line here. */
#define BIND_FILES(X) \
  X(box)   /* first: it makes the state and the metatable */ \
  X(shown) /* second: the metatables of tables */ \
  X(along) \
  X(assign) \
  X(checkpoint) \
  X(close) \
  X(conv) \
  X(convert) \
  X(counting) \
  X(create) \
  X(error) \
  X(data) \
  X(dist) \
  X(docs) \
  X(elementary) \
  X(epoch) \
  X(files) \
  X(gather) \
  X(graph) \
  X(hash) \
  X(hooks) \
  X(index) \
  X(join) \
  X(layer) \
  X(leaf_hooks) \
  X(layer_new) \
  X(letters) \
  X(linalg) \
  X(locale) \
  X(logic) \
  X(loss) \
  X(machine) \
  X(math) \
  X(norm) \
  X(normalize) \
  X(optim) \
  X(pointwise) \
  X(pool) \
  X(print) \
  X(profile) \
  X(rearrange) \
  X(reduce) \
  X(reserve) \
  X(rng) \
  X(runtime) \
  X(softmax) \
  X(statistics) \
  X(sys) \
  X(tape) \
  X(tensor) \
  X(unary) \
  X(views) \
  /* each file of this folder that binds something */

#define DECLARE(name) void bind_open_##name(lua_State *L);
BIND_FILES(DECLARE)

int luaopen_resmoon_core(lua_State *L) {
#define OPEN(name) bind_open_##name,
  static void (*const open[])(lua_State *) = {BIND_FILES(OPEN)};
  lua_newtable(L);
  for (size_t i = 0; i < sizeof open / sizeof *open; i++) open[i](L);
  return 1;
}
