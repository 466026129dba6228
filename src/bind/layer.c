/* layer.c -- a layer in Lua: called, asked for its parameters, switched to evaluation, printed.
 *
 * It answers the protocol that nn.Module defines for modules written in Lua. What needs no C
 * (state_dict and its like) is added from Lua: the methods are in `layer_methods`.
 *
 * A userdata has two user values: the boxes of its tensors by name, so that conv.weight is the same
 * object each time, and its hooks. */
#include "bind/layer.h"

#include <math.h>
#include <string.h>
#include "bind/pending.h"
#include "parallel/threads.h"

enum { TENSORS = 1, HOOKS = 2, USERVALUES = 2 };

rm_layer *bind_checklayer(lua_State *L, int arg) { return *(rm_layer **)luaL_checkudata(L, arg, BIND_LAYER); }

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
  rm_layer **box = lua_touserdata(L, 1);
  rm_layer_free(*box);
  *box = NULL;
  return 0;
}

/* --- calling ----------------------------------------------------------------------------------- */

/* If the layer is a batch norm with fixed statistics, and the value at 2 a convolution that waits for it. */
static bool push_folded(lua_State *L, rm_layer *layer) {
  size_t ndim;
  rm_error err;
  rm_batch_norm_call c;
  const size_t *shape = layer->training || !rm_layer_is_batch_norm(layer) ? NULL : bind_pendingshape(L, 2, &ndim);
  if (!shape) return false;
  if (rm_batch_norm_begin(layer, ndim, shape, &c, &err) != RM_OK) bind_raise(L, &err);
  return bind_pendingbatchnorm(L, 2, c.weight, c.bias, c.running_mean, c.running_var, &c.options);
}

/* Pushes the layer's output for the value at 2. A batch norm's is pending, and relu completes it; so is a
 * convolution's where no gradients are recorded. */
static void push_output(lua_State *L, rm_layer *layer) {
  rm_error err;
  if (rm_layer_is_identity(layer)) return lua_pushvalue(L, 2);
  if (rm_layer_is_relu(layer) && bind_pendingrelu(L, 2)) return;
  if (push_folded(L, layer)) return;
  rm_tensor *x = bind_totensor(L, 2);
  if (!x) bind_error(L, "%s: expected a tensor, got %s", layer->type->name, luaL_typename(L, 2));
  if (rm_layer_is_batch_norm(layer)) {
    rm_batch_norm_call c;
    if (rm_batch_norm_begin(layer, x->ndim, x->shape, &c, &err) != RM_OK) bind_raise(L, &err);
    bind_pushbatchnorm(L, x, c.weight, c.bias, c.running_mean, c.running_var, &c.options);
    return;
  }
  if (rm_layer_is_conv2d(layer) && !rm_grad_enabled()) {
    rm_conv2d_call c = rm_conv2d_begin(layer);
    bind_pushconv2d(L, x, c.weight, c.bias, &c.options);
    return;
  }
  rm_tensor **y = bind_boxtensor(L);
  rm_rng *rng = bind_generator(L, BIND_RNG_DROPOUT);
  if (RM_BREAKABLE(rm_layer_forward(layer, x, rng, y, &err), &err) != RM_OK) bind_raise(L, &err);
  bind_pushed(L, y);
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

static int set_layer_hooks(lua_State *L) {
  bind_checklayer(L, 1);
  lua_settop(L, 2);
  lua_setiuservalue(L, 1, HOOKS);
  return 0;
}

/* --- parameters and buffers ------------------------------------------------------------------- */

typedef struct { const rm_slot *slots; size_t n; } slot_list;
static slot_list slots_of(const rm_layer *layer, bool buffers) {
  return buffers ? (slot_list){layer->buffers, layer->nbuffers} : (slot_list){layer->parameters, layer->nparameters};
}

/* Pushes the box of the tensor called `name` of the layer at `arg`. */
static void push_slot(lua_State *L, int arg, const char *name) {
  lua_getiuservalue(L, arg, TENSORS);
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
}

static int push_list(lua_State *L, bool buffers) {
  slot_list list = slots_of(bind_checklayer(L, 1), buffers);
  lua_createtable(L, (int)list.n, 0);
  for (size_t i = 0; i < list.n; i++) {
    push_slot(L, 1, list.slots[i].name);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}
static int layer_parameters(lua_State *L) { return push_list(L, false); }
static int layer_buffers(lua_State *L) { return push_list(L, true); }

/* Upvalues: layer, prefix, whether buffers, how many have been given. */
static int next_named(lua_State *L) {
  lua_settop(L, 0);
  lua_pushvalue(L, lua_upvalueindex(1));
  slot_list list = slots_of(bind_checklayer(L, 1), lua_toboolean(L, lua_upvalueindex(3)));
  lua_Integer i = lua_tointeger(L, lua_upvalueindex(4));
  if (i >= (lua_Integer)list.n) return 0;
  lua_pushinteger(L, i + 1);
  lua_replace(L, lua_upvalueindex(4));
  lua_pushfstring(L, "%s%s", lua_tostring(L, lua_upvalueindex(2)), list.slots[i].name);
  push_slot(L, 1, list.slots[i].name);
  return 2;
}

static int push_named(lua_State *L, bool buffers) {
  bind_checklayer(L, 1);
  const char *prefix = luaL_optstring(L, 2, "");
  lua_pushvalue(L, 1);
  lua_pushfstring(L, *prefix ? "%s." : "", prefix);
  lua_pushboolean(L, buffers);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, next_named, 4);
  return 1;
}
static int layer_named_parameters(lua_State *L) { return push_named(L, false); }
static int layer_named_buffers(lua_State *L) { return push_named(L, true); }

/* layer:zero_grad(): forgets the gradients */
static int layer_zero_grad(lua_State *L) {
  const rm_layer *layer = bind_checklayer(L, 1);
  rm_error err;
  for (size_t i = 0; i < layer->nparameters; i++)
    if (rm_tensor_set_grad(layer->parameters[i].tensor, NULL, &err) != RM_OK) return bind_raise(L, &err);
  return 0;
}

/* --- modes, and a tree of one -------------------------------------------------------------------- */

static int layer_train(lua_State *L) {
  rm_layer *layer = bind_checklayer(L, 1);
  layer->training = lua_isnoneornil(L, 2) || lua_toboolean(L, 2);
  lua_settop(L, 1);
  return 1;
}

static int layer_eval(lua_State *L) {
  bind_checklayer(L, 1)->training = false;
  lua_settop(L, 1);
  return 1;
}

/* layer:apply(fn): fn(layer); returns the layer */
static int layer_apply(lua_State *L) {
  bind_checklayer(L, 1);
  lua_settop(L, 2);
  lua_pushvalue(L, 1);
  lua_call(L, 1, 0);
  return 1;
}

static int layer_children(lua_State *L) {
  bind_checklayer(L, 1);
  lua_newtable(L);
  return 1;
}

static int nothing(lua_State *L) { return (void)L, 0; }

static int layer_named_children(lua_State *L) {
  bind_checklayer(L, 1);
  lua_pushcfunction(L, nothing);
  return 1;
}

static int layer_tostring(lua_State *L) {
  char text[RM_LAYER_TEXT];
  lua_pushstring(L, rm_layer_text(bind_checklayer(L, 1), text));
  return 1;
}

/* --- fields ---------------------------------------------------------------------------------------- */

static void push_field(lua_State *L, const rm_layer *layer, const rm_field *field) {
  const void *value = (const char *)layer + field->offset;
  const size_t *sizes = value;
  double number;
  switch (field->kind) {
    case RM_FIELD_SIZE: lua_pushinteger(L, (lua_Integer)*sizes); return;
    case RM_FIELD_DIM: lua_pushinteger(L, (lua_Integer) * (const ptrdiff_t *)value); return;
    case RM_FIELD_BOOL: lua_pushboolean(L, *(const bool *)value); return;
    case RM_FIELD_TEXT: lua_pushstring(L, *(const char *const *)value); return;
    case RM_FIELD_NUMBER:
      number = *(const double *)value;
      if (isnan(number)) lua_pushnil(L);
      else lua_pushnumber(L, number);
      return;
    case RM_FIELD_PAIR: /* a number where both are the same, as it was most likely given */
      if (sizes[0] == sizes[1]) {
        lua_pushinteger(L, (lua_Integer)sizes[0]);
        return;
      }
      lua_createtable(L, 2, 0);
      for (int i = 0; i < 2; i++) {
        lua_pushinteger(L, (lua_Integer)sizes[i]);
        lua_rawseti(L, -2, i + 1);
      }
  }
}

static const rm_field *find_field(const rm_layer *layer, const char *name) {
  for (const rm_field *f = layer->type->fields; f->name; f++)
    if (strcmp(f->name, name) == 0) return f;
  return NULL;
}

/* Raises for a name that is nothing; `methods` is the stack index of their table. */
static int unknown_name(lua_State *L, const rm_layer *layer, const char *name, int methods) {
  bind_nearest best = bind_nearest_start(name);
  for (size_t i = 0; i < layer->nparameters; i++) bind_nearest_offer(&best, layer->parameters[i].name);
  for (size_t i = 0; i < layer->nbuffers; i++) bind_nearest_offer(&best, layer->buffers[i].name);
  for (const rm_field *f = layer->type->fields; f->name; f++) bind_nearest_offer(&best, f->name);
  lua_pushnil(L);
  while (lua_next(L, methods)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING) bind_nearest_offer(&best, lua_tostring(L, -1));
  }
  const char *hint = best.name ? lua_pushfstring(L, ", did you mean \"%s\"?", best.name) : "";
  return bind_error(L, "%s has no field or method \"%s\"%s", layer->type->name, name, hint);
}

/* Tensors that some configurations do not have: nil, not an error. */
static bool may_be_absent(const char *name) {
  static const char *const names[] = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(names[i], name) == 0) return true;
  return false;
}

/* layer.name; upvalue 1: the table of methods */
static int layer_index(lua_State *L) {
  rm_layer *layer = bind_checklayer(L, 1);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  const char *name = luaL_checkstring(L, 2);
  const rm_field *field = find_field(layer, name);
  if (rm_layer_slot(layer, name)) push_slot(L, 1, name);
  else if (field) push_field(L, layer, field);
  else if (strcmp(name, "training") == 0) lua_pushboolean(L, layer->training);
  else if (strcmp(name, "type") == 0) lua_pushstring(L, layer->type->name);
  else if (may_be_absent(name)) lua_pushnil(L);
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
    bind_completerecorders(L, t);
    if (rm_layer_replace(layer, slot, t, &err) != RM_OK) return bind_raise(L, &err);
    lua_getiuservalue(L, 1, TENSORS);
    lua_pushvalue(L, 3);
    lua_setfield(L, -2, name);
  } else if (strcmp(name, "training") == 0) {
    luaL_checktype(L, 3, LUA_TBOOLEAN);
    layer->training = lua_toboolean(L, 3);
  } else if (field && field->kind == RM_FIELD_NUMBER) {
    double *value = (double *)((char *)layer + field->offset);
    *value = lua_toboolean(L, 3) ? luaL_checknumber(L, 3) : NAN;
  } else {
    return bind_error(L, "%s: the field \"%s\" cannot be assigned", layer->type->name, name);
  }
  return 0;
}

/* Adds name to the list on top of the stack. */
static void add_name(lua_State *L, const char *name) {
  lua_pushstring(L, name);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

/* rm.layer_fields(layer) -> the names of its tensors and fields; nil for what is no layer */
static int core_layer_fields(lua_State *L) {
  rm_layer **box = luaL_testudata(L, 1, BIND_LAYER);
  if (!box) return lua_pushnil(L), 1;
  const rm_layer *layer = *box;
  lua_newtable(L);
  for (size_t i = 0; i < layer->nparameters; i++) add_name(L, layer->parameters[i].name);
  for (size_t i = 0; i < layer->nbuffers; i++) add_name(L, layer->buffers[i].name);
  for (const rm_field *f = layer->type->fields; f->name; f++) add_name(L, f->name);
  add_name(L, "training");
  add_name(L, "type");
  return 1;
}

void bind_open_layer(lua_State *L) {
  static const luaL_Reg methods[] = {{"forward", layer_forward},
                                     {"parameters", layer_parameters},
                                     {"named_parameters", layer_named_parameters},
                                     {"buffers", layer_buffers},
                                     {"named_buffers", layer_named_buffers},
                                     {"zero_grad", layer_zero_grad},
                                     {"train", layer_train},
                                     {"eval", layer_eval},
                                     {"apply", layer_apply},
                                     {"children", layer_children},
                                     {"named_children", layer_named_children},
                                     {NULL, NULL}};
  static const luaL_Reg meta[] = {{"__call", layer_call},         {"__gc", layer_gc},
                                  {"__newindex", layer_newindex}, {"__tostring", layer_tostring},
                                  {NULL, NULL}};
  static const luaL_Reg functions[] = {{"layer_fields", core_layer_fields}, {"layer_hooks", layer_hooks},
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
