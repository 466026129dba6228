/* leaf_hooks.c -- the functions of hooks of leaves, which may refer to their leaf.
 *
 * Kept by the registry, such a function would keep the leaf, which keeps the hook, for ever. So it hangs on the box that
 * the hook was registered with, in a table with weak keys, and the collector sees the circle. Where a box dies before its
 * tensor (a layer or a graph holds that, too), its finalizer keeps it until nobody else holds the tensor; that is looked
 * at after a backward, when a hook is registered, when a layer is freed, and when as many boxes died as are kept. */
#include "bind/leaf_hooks.h"

#include "core/hook.h"

/* Their addresses are keys of the registry. functions: box -> {hook = function}, weak keys; boxes: hook -> box, weak
 * values; kept: boxes that live on, as keys. */
static const char functions_key, boxes_key, kept_key;
/* Boxes that were kept when that was last looked at, and boxes that died since. */
static size_t kept, died;

bool bind_pushhungfunction(lua_State *L, const void *h) {
  int top = lua_gettop(L);
  bool there = false;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &functions_key);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &boxes_key);
  if (lua_rawgetp(L, -1, h) != LUA_TNIL && lua_rawget(L, top + 1) == LUA_TTABLE)
    there = lua_rawgetp(L, -1, h) != LUA_TNIL;
  if (there) lua_replace(L, top + 1);
  lua_settop(L, top + there);
  return there;
}

void bind_drophungfunction(lua_State *L, const void *h) {
  int top = lua_gettop(L);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &functions_key);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &boxes_key);
  if (lua_rawgetp(L, -1, h) != LUA_TNIL && lua_rawget(L, top + 1) == LUA_TTABLE) {
    lua_pushnil(L);
    lua_rawsetp(L, -2, h);
  }
  lua_settop(L, top);
}

void bind_hangfunction(lua_State *L, int box, int value, const void *h) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &functions_key);
  lua_pushvalue(L, box);
  if (lua_rawget(L, -2) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, box);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
  }
  lua_pushvalue(L, value);
  lua_rawsetp(L, -2, h);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &boxes_key);
  lua_pushvalue(L, box);
  lua_rawsetp(L, -2, h);
  lua_pop(L, 3);
}

bool bind_keephooks(lua_State *L, int index, rm_tensor *t) {
  bool again = lua_getmetatable(L, index); /* as it stands: the finalizer is called once more */
  lua_rawgetp(L, LUA_REGISTRYINDEX, &functions_key);
  lua_pushvalue(L, index);
  bool ours = atomic_load(&t->refs) > 1 && lua_rawget(L, -2) == LUA_TTABLE;
  lua_settop(L, index + again);
  if (ours) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &kept_key);
    lua_pushvalue(L, index);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
    kept++;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &functions_key);
    lua_pushvalue(L, index);
    lua_rawget(L, -2);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &boxes_key); /* the collector has emptied this one */
    for (rm_hook *h = t->hooks; h; h = h->next) {
      if (lua_rawgetp(L, -2, h) != LUA_TNIL) {
        lua_pushvalue(L, index);
        lua_rawsetp(L, -3, h);
      }
      lua_pop(L, 1);
    }
    lua_settop(L, index + again);
    lua_setmetatable(L, index);
  }
  lua_settop(L, index);
  return ours;
}

/* Lets go of the boxes whose tensors nobody else holds any more; of all, where the state is closed. */
static void let_go(lua_State *L, bool all) {
  kept = died = 0;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &kept_key);
  for (lua_pushnil(L); lua_next(L, -2);) {
    lua_pop(L, 1);
    rm_value *box = lua_touserdata(L, -1);
    kept += !all;
    if (all) rm_value_release(box);
    else if (!box->tensor || atomic_load(&box->tensor->refs) == 1) { /* closed by hand, or ours alone */
      lua_pushvalue(L, -1);
      lua_pushnil(L);
      lua_rawset(L, -4);
      kept--;
    }
  }
  lua_pop(L, 1);
}

static int close_state(lua_State *L) {
  let_go(L, true);
  return 0;
}

void bind_letgoofboxes(lua_State *L) { let_go(L, false); }

void bind_boxdied(lua_State *L) {
  if (kept > 0 && ++died >= kept) let_go(L, false);
}

static void make_weak(lua_State *L, const char *mode, const void *key) {
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushstring(L, mode);
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

void bind_open_leaf_hooks(lua_State *L) {
  lua_newtable(L);
  lua_createtable(L, 0, 1); /* finalized when the state is closed: no finalizer is called twice then */
  lua_pushcfunction(L, close_state);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &kept_key);
  make_weak(L, "k", &functions_key);
  make_weak(L, "v", &boxes_key);
}
