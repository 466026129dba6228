/* layer.c -- a layer in Lua: called, asked for its tensors and settings, printed.
 *
 * All other methods are those of every module, written once in Lua (nn/protocol.lua), which puts them into
 * the table `layer_methods`.
 *
 * A userdata has two user values: the boxes of its tensors by name, so that conv.weight is the same
 * object each time, and its hooks. */
#include "bind/leaf_hooks.h"
#include "bind/layer.h"

#include <math.h>
#include <string.h>
#include "parallel/interrupt.h"

enum { TENSORS = 1, HOOKS = 2, USERVALUES = 2 };

static rm_layer *not_closed(lua_State *L, rm_layer *layer) {
  if (!layer) bind_error(L, "this layer was closed: its __gc was called");
  return layer;
}

rm_layer *bind_checklayer(lua_State *L, int arg) {
  return not_closed(L, *(rm_layer **)luaL_checkudata(L, arg, BIND_LAYER));
}

/* --- making --------------------------------------------------------------------------------- */

rm_layer **bind_boxlayer(lua_State *L) {
  rm_layer **box = lua_newuserdatauv(L, sizeof *box, USERVALUES);
  *box = NULL;
  luaL_setmetatable(L, BIND_LAYER);
  return box;
}

static void push_boxes(lua_State *L, const rm_slot slots[], size_t n) {
  for (size_t i = 0; i < n; i++) {
    bind_pushtensor(L, slots[i].tensor);
    lua_setfield(L, -2, slots[i].name);
  }
}

int bind_pushedlayer(lua_State *L) {
  const rm_layer *layer = *(rm_layer **)lua_touserdata(L, -1);
  lua_newtable(L);
  push_boxes(L, layer->parameters, layer->nparameters);
  push_boxes(L, layer->buffers, layer->nbuffers);
  lua_setiuservalue(L, -2, TENSORS);
  bind_account(L);
  return 1;
}

static int layer_gc(lua_State *L) {
  rm_layer **box = luaL_checkudata(L, 1, BIND_LAYER);
  rm_layer_free(*box);
  *box = NULL;
  bind_letgoofboxes(L); /* hooks of its weights */
  return 0;
}

/* --- calling ----------------------------------------------------------------------------------- */

/* Pushes the layer's output for the value at 2. */
static void push_output(lua_State *L, rm_layer *layer) {
  if (!layer->type->forward) return lua_pushvalue(L, 2); /* whatever it is */
  rm_value *x = bind_tovalue(L, 2);
  if (!x) bind_error(L, "%s: expected a tensor, got %s", layer->type->name, luaL_typename(L, 2));
  rm_value *y = bind_boxvalue(L);
  rm_rng *rng = bind_generator(L, BIND_RNG_DROPOUT);
  rm_error err;
  if (RM_BREAKABLE(rm_layer_forward(layer, x, rng, y, &err), &err) != RM_OK) bind_raise(L, &err);
}

/* layer(x) -> y. A layer with hooks leaves the call to them: nn/hooks.lua. */
static int layer_call(lua_State *L) {
  rm_layer *layer = bind_checklayer(L, 1);
  if (lua_getiuservalue(L, 1, HOOKS) == LUA_TTABLE) {
    lua_getfield(L, -1, "run");
    lua_replace(L, -2);
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
  }
  lua_settop(L, 2);
  push_output(L, layer);
  return 1;
}

/* layer:forward(x): the same without hooks */
static int layer_forward(lua_State *L) {
  rm_layer *layer = bind_checklayer(L, 1);
  lua_settop(L, 2);
  push_output(L, layer);
  return 1;
}

/* layer_hooks(layer) -> what set_layer_hooks gave: a table whose `run`(layer, ...) makes the call, or nil */
static int layer_hooks(lua_State *L) {
  bind_checklayer(L, 1);
  lua_getiuservalue(L, 1, HOOKS);
  return 1;
}

/* copy_layer(layer) -> a layer of the same settings and mode without hooks, which shares the tensors: nn/clone.lua */
static int core_copy_layer(lua_State *L) {
  const rm_layer *layer = bind_checklayer(L, 1);
  rm_layer **copy = bind_boxlayer(L);
  rm_error err;
  if (rm_layer_copy(layer, copy, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushedlayer(L);
}

static int set_layer_hooks(lua_State *L) {
  bind_checklayer(L, 1);
  lua_settop(L, 2);
  lua_setiuservalue(L, 1, HOOKS);
  return 0;
}

/* --- tensors --------------------------------------------------------------------------------- */

/* Pushes the box of the tensor called `name` of the layer at `arg`. */
static void push_slot(lua_State *L, int arg, const char *name) {
  lua_getiuservalue(L, arg, TENSORS);
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
}

/* Adds name to the list on top of the stack. */
static void add_name(lua_State *L, const char *name) {
  lua_pushstring(L, name);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

/* layer_slots(layer, "parameter" or "buffer") -> the names of its tensors of that kind */
static int core_layer_slots(lua_State *L) {
  static const char *const kinds[] = {"parameter", "buffer", NULL};
  const rm_layer *layer = bind_checklayer(L, 1);
  bool buffers = luaL_checkoption(L, 2, NULL, kinds) == 1;
  const rm_slot *slots = buffers ? layer->buffers : layer->parameters;
  size_t n = buffers ? layer->nbuffers : layer->nparameters;
  lua_createtable(L, (int)n, 0);
  for (size_t i = 0; i < n; i++) add_name(L, slots[i].name);
  return 1;
}

static int layer_tostring(lua_State *L) {
  char text[RM_LAYER_TEXT];
  lua_pushstring(L, rm_layer_text(bind_checklayer(L, 1), text));
  return 1;
}

/* --- fields ---------------------------------------------------------------------------------------- */

/* A number where both are the same, as it was most likely given. */
static void push_pair(lua_State *L, const size_t sizes[2]) {
  if (sizes[0] == sizes[1]) {
    lua_pushinteger(L, (lua_Integer)sizes[0]);
    return;
  }
  bind_newtable(L, 2, 0);
  for (int i = 0; i < 2; i++) {
    lua_pushinteger(L, (lua_Integer)sizes[i]);
    lua_rawseti(L, -2, i + 1);
  }
}

static void push_field(lua_State *L, const rm_layer *layer, const rm_field *field) {
  const void *value = (const char *)layer + field->offset;
  const size_t *sizes = value;
  const rm_conv_options *conv = value;
  double number;
  switch (field->kind) {
    case RM_FIELD_SIZE: lua_pushinteger(L, (lua_Integer)*sizes); return;
    case RM_FIELD_DIM: lua_pushinteger(L, (lua_Integer) * (const ptrdiff_t *)value); return;
    case RM_FIELD_BOOL: lua_pushboolean(L, *(const bool *)value); return;
    case RM_FIELD_TEXT: lua_pushstring(L, *(const char *const *)value); return;
    case RM_FIELD_NUMBER:
    case RM_FIELD_NOT_NEGATIVE:
    case RM_FIELD_PROBABILITY:
    case RM_FIELD_SHARE_OR_NONE:
      number = *(const double *)value;
      if (isnan(number)) lua_pushnil(L);
      else lua_pushnumber(L, number);
      return;
    case RM_FIELD_PAIR: push_pair(L, sizes); return;
    case RM_FIELD_PADDING:
      if (conv->same) lua_pushstring(L, "same");
      else push_pair(L, conv->padding);
  }
}

static const rm_field *find_field(const rm_layer *layer, const char *name) {
  for (const rm_field *f = rm_layer_fields(layer); f->name; f++)
    if (strcmp(f->name, name) == 0) return f;
  return NULL;
}

/* Raises for a name that is nothing; `methods` is the stack index of their table. */
static int unknown_name(lua_State *L, const rm_layer *layer, const char *name, int methods) {
  bind_nearest best = bind_nearest_start(name);
  for (size_t i = 0; i < layer->nparameters; i++) bind_nearest_offer(&best, layer->parameters[i].name);
  for (size_t i = 0; i < layer->nbuffers; i++) bind_nearest_offer(&best, layer->buffers[i].name);
  for (const rm_field *f = rm_layer_fields(layer); f->name; f++) bind_nearest_offer(&best, f->name);
  lua_pushnil(L);
  while (lua_next(L, methods)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING) bind_nearest_offer(&best, lua_tostring(L, -1));
  }
  const char *hint = best.name ? lua_pushfstring(L, ", did you mean \"%s\"?", best.name) : "";
  return bind_error(L, "%s has no field or method \"%s\"%s", layer->type->name, name, hint);
}

/* layer.name; upvalue 1: the table of methods, which may load them (resmoon/init.lua) */
static int layer_index(lua_State *L) {
  rm_layer *layer = bind_checklayer(L, 1);
  const char *name = luaL_checkstring(L, 2);
  const rm_field *field = find_field(layer, name);
  if (rm_layer_slot(layer, name)) push_slot(L, 1, name);
  else if (field) push_field(L, layer, field);
  else if (strcmp(name, "training") == 0) lua_pushboolean(L, layer->training);
  else if (strcmp(name, "type") == 0) lua_pushstring(L, layer->type->name);
  else if (rm_slot_may_be_absent(name)) lua_pushnil(L);
  else if (lua_getfield(L, lua_upvalueindex(1), name) != LUA_TNIL) return 1;
  else return unknown_name(L, layer, name, lua_upvalueindex(1));
  return 1;
}

/* conv.weight = tensor; bn.momentum = number; layer.training = boolean */
static int layer_newindex(lua_State *L) {
  rm_layer *layer = bind_checklayer(L, 1);
  const char *name = luaL_checkstring(L, 2);
  const rm_field *field = find_field(layer, name);
  rm_slot *slot = rm_layer_slot(layer, name);
  rm_error err;
  if (slot) {
    rm_tensor *t = bind_totensor(L, 3);
    if (!t) return bind_error(L, "%s.%s: expected a tensor, got %s", layer->type->name, name, luaL_typename(L, 3));
    if (rm_layer_replace(layer, slot, t, &err) != RM_OK) return bind_raise(L, &err);
    lua_getiuservalue(L, 1, TENSORS);
    lua_pushvalue(L, 3);
    lua_setfield(L, -2, name);
  } else if (strcmp(name, "training") == 0) {
    luaL_checktype(L, 3, LUA_TBOOLEAN);
    layer->training = lua_toboolean(L, 3);
  } else if (field && rm_field_is_number(field)) {
    bool none = field->kind == RM_FIELD_SHARE_OR_NONE && !lua_toboolean(L, 3);
    int number = 1;
    double value = none ? NAN : lua_tonumberx(L, 3, &number);
    if (!number || (!none && isnan(value)))
      return bind_error(L, "%s.%s: expected a number, got %s", layer->type->name, name, bind_phrase(L, 3));
    if (rm_layer_set_number(layer, field, value, &err) != RM_OK) return bind_raise(L, &err);
  } else {
    return bind_error(L, "%s: the field \"%s\" cannot be assigned", layer->type->name, name);
  }
  return 0;
}

/* rm.layer_fields(layer) -> the names of its tensors and fields; nil if it is not a layer */
static int core_layer_fields(lua_State *L) {
  rm_layer **box = luaL_testudata(L, 1, BIND_LAYER);
  if (!box) return lua_pushnil(L), 1;
  const rm_layer *layer = not_closed(L, *box);
  lua_newtable(L);
  for (size_t i = 0; i < layer->nparameters; i++) add_name(L, layer->parameters[i].name);
  for (size_t i = 0; i < layer->nbuffers; i++) add_name(L, layer->buffers[i].name);
  for (const rm_field *f = rm_layer_fields(layer); f->name; f++) add_name(L, f->name);
  add_name(L, "training");
  add_name(L, "type");
  return 1;
}

void bind_open_layer(lua_State *L) {
  static const luaL_Reg methods[] = {{"forward", layer_forward}, {NULL, NULL}};
  static const luaL_Reg meta[] = {{"__call", layer_call},
                                  {"__gc", layer_gc},
                                  {"__newindex", layer_newindex},
                                  {"__tostring", layer_tostring},
                                  {NULL, NULL}};
  static const luaL_Reg functions[] = {{"layer_fields", core_layer_fields},  {"layer_slots", core_layer_slots},
                                       {"layer_hooks", layer_hooks},         {"copy_layer", core_copy_layer},
                                       {"set_layer_hooks", set_layer_hooks}, {NULL, NULL}};
  bind_register(L, NULL, functions);
  luaL_newmetatable(L, BIND_LAYER);
  luaL_setfuncs(L, meta, 0);
  luaL_newlib(L, methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "layer_methods"); /* of the core table, below the metatable */
  lua_pushcclosure(L, layer_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}
