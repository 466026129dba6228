/* files.c -- rm.save, rm.load, rm.write_atomic, and the reading half of rm.json.
 *
 * rm.save(path, tensors, metadata?)    tensors: {name = tensor, ...}, written in order of
 *   their names; or a list of {name, tensor}; or a list of names beside name = tensor,
 *   which is what state_dict() gives. metadata: {key = text}.
 * rm.load(path) -> {name = tensor}, metadata, {name, ...} in the order of the file.
 * rm.write_atomic(path, text)          replaces the file as a whole or not at all. */
#include <string.h>
#include "bind/bind.h"
#include "io/atomic_file.h"
#include "io/json.h"
#include "io/safetensors.h"

/* --- a box for the file being built, so that an error in Lua frees it ----------- */

#define BOX "resmoon.Safetensors"

static int box_gc(lua_State *L) {
  rm_safetensors **box = luaL_checkudata(L, 1, BOX);
  rm_safetensors_free(*box);
  *box = NULL;
  return 0;
}

static rm_safetensors **push_box(lua_State *L) {
  rm_safetensors **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  if (luaL_newmetatable(L, BOX)) {
    lua_pushcfunction(L, box_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return box;
}

/* A string without NUL bytes, since the file formats end strings there. */
static const char *plain_string(lua_State *L, int index, const char *what) {
  size_t length;
  if (lua_type(L, index) != LUA_TSTRING)
    bind_error(L, "save: %s must be a string, got %s", what, luaL_typename(L, index));
  const char *s = lua_tolstring(L, index, &length);
  if (strlen(s) != length) bind_error(L, "save: %s contains a zero byte", what);
  return s;
}

/* --- save ------------------------------------------------------------------------ */

/* The name at -2 and the tensor at -1. */
static void add_entry(lua_State *L, rm_safetensors *file) {
  const char *name = plain_string(L, -2, "a tensor's name");
  rm_tensor *t = bind_totensor(L, -1);
  if (!t) bind_error(L, "save: '%s' is %s, expected a tensor", name, luaL_typename(L, -1));
  rm_error err;
  if (rm_safetensors_add(file, name, t, &err) != RM_OK) bind_raise(L, &err);
}

/* Elements are {name, tensor}, or names of other fields of the list. */
static void add_list(lua_State *L, int list, rm_safetensors *file) {
  lua_Integer n = luaL_len(L, list);
  for (lua_Integer i = 1; i <= n; i++) {
    if (lua_geti(L, list, i) == LUA_TTABLE) {
      lua_geti(L, -1, 1);
      lua_geti(L, -2, 2);
    } else {
      lua_pushvalue(L, -1);
      lua_pushvalue(L, -1);
      lua_gettable(L, list);
    }
    add_entry(L, file);
    lua_pop(L, 3);
  }
}

/* {name = tensor}; sorted, so that equal tables give equal files. */
static void add_table(lua_State *L, int table, rm_safetensors *file) {
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) add_entry(L, file);
  rm_safetensors_sort(file);
}

static void add_metadata(lua_State *L, int table, rm_safetensors *file) {
  rm_error err;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    const char *key = plain_string(L, -2, "a metadata key");
    const char *value = plain_string(L, -1, "metadata");
    if (rm_safetensors_add_meta(file, key, value, &err) != RM_OK) bind_raise(L, &err);
  }
  rm_safetensors_sort_meta(file);
}

/* Writes tensors to a safetensors file, which is replaced as a whole or not at all.
 * Call: rm.save(path, tensors, metadata = {}) -> nothing
 * Shapes: any; tensors is {name = tensor}, or a list of {name, tensor}, or what net:state_dict() gives. metadata is
 *  {key = text}.
 * Errors: a file that cannot be written, with the system's reason; a name twice; what is not a tensor.
 * Source: the safetensors format, huggingface.co/docs/safetensors.
 * Example:
 *   > rm.save("weights.safetensors", {w = rm.ones(2, 3)}, {note = "all ones"})
 *   > rm.load("weights.safetensors").w.shape
 *   {2, 3} */
static int save(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  if (!lua_isnoneornil(L, 3)) luaL_checktype(L, 3, LUA_TTABLE);
  lua_settop(L, 3);
  rm_error err;
  rm_safetensors **box = push_box(L);
  if (rm_safetensors_new(box, &err) != RM_OK) return bind_raise(L, &err);
  bool list = lua_geti(L, 2, 1) != LUA_TNIL;
  lua_pop(L, 1);
  if (list) add_list(L, 2, *box);
  else add_table(L, 2, *box);
  if (lua_istable(L, 3)) add_metadata(L, 3, *box);
  if (rm_safetensors_save(*box, path, &err) != RM_OK) return bind_raise(L, &err);
  return 0;
}

/* --- load ------------------------------------------------------------------------ */

/* Reads a safetensors file.
 * Call: rm.load(path) -> tensors, metadata, names
 * Shapes: as they were saved: {name = tensor}, {key = text}, and the list of names in the order of the file.
 * Errors: a file that is missing, damaged, or of another format, with what was expected. Nothing in it is ever run.
 * Example:
 *   > rm.save("weights.safetensors", {w = rm.ones(2)}, {note = "all ones"})
 *   > tensors, metadata, names = rm.load "weights.safetensors"
 *   > tensors.w, metadata, names
 *   [1., 1.]  float32 (2)  {note = "all ones"}  {"w"} */
static int load(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  rm_error err;
  rm_safetensors **box = push_box(L);
  if (rm_safetensors_load(path, box, &err) != RM_OK) return bind_raise(L, &err);
  const rm_safetensors *file = *box;
  bind_newtable(L, 0, 0);
  int tensors = lua_gettop(L);
  bind_newtable(L, 0, file->nmeta);
  bind_newtable(L, 0, 0);
  for (size_t i = 0; i < file->nmeta; i++) {
    lua_pushstring(L, file->meta[i].value);
    lua_setfield(L, tensors + 1, file->meta[i].key);
  }
  for (size_t i = 0; i < file->count; i++) {
    lua_pushstring(L, file->entries[i].name);
    lua_pushvalue(L, -1);
    lua_seti(L, tensors + 2, (lua_Integer)i + 1);
    bind_pushtensor(L, file->entries[i].tensor);
    lua_settable(L, tensors);
  }
  return 3;
}

/* --- text and JSON ----------------------------------------------------------------- */

/* Writes a text file so that it is there as a whole or as it was before, whatever happens.
 * Call: rm.write_atomic(path, text) -> nothing
 * Errors: a file that cannot be written, with the system's reason.
 * Example:
 *   > rm.write_atomic("notes.txt", "lr 0.1\n")
 *   > io.open("notes.txt"):read()
 *   lr 0.1 */
static int write_atomic(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  size_t length;
  const char *text = luaL_checklstring(L, 2, &length);
  rm_error err;
  if (rm_atomic_replace("write_atomic", path, text, length, &err) != RM_OK) return bind_raise(L, &err);
  return 0;
}

enum { JSON_DEPTH = 100 };
#define JSON_BOX "resmoon.Json"

static int json_gc(lua_State *L) {
  json_t **box = luaL_checkudata(L, 1, JSON_BOX);
  json_decref(*box);
  *box = NULL;
  return 0;
}

/* Pushes value. `array` is the stack index of the metatable that marks arrays, so that an
 * empty one is written as [] again. */
static void push_json(lua_State *L, const json_t *value, int array) {
  luaL_checkstack(L, 4, "json.decode");
  const char *key;
  json_t *field;
  switch (json_typeof(value)) {
    case JSON_OBJECT:
      bind_newtable(L, 0, json_object_size(value));
      json_object_foreach((json_t *)value, key, field) {
        if (json_is_null(field)) continue; /* an absent field, as everywhere in Lua */
        push_json(L, field, array);
        lua_setfield(L, -2, key);
      }
      break;
    case JSON_ARRAY:
      lua_newtable(L);
      for (size_t i = 0; i < json_array_size(value); i++) {
        push_json(L, json_array_get(value, i), array);
        lua_seti(L, -2, (lua_Integer)i + 1);
      }
      lua_pushvalue(L, array);
      lua_setmetatable(L, -2);
      break;
    case JSON_STRING: lua_pushlstring(L, json_string_value(value), json_string_length(value)); break;
    case JSON_INTEGER: lua_pushinteger(L, json_integer_value(value)); break;
    case JSON_REAL: lua_pushnumber(L, json_real_value(value)); break;
    case JSON_TRUE: lua_pushboolean(L, 1); break;
    case JSON_FALSE: lua_pushboolean(L, 0); break;
    case JSON_NULL: lua_pushlightuserdata(L, NULL); break; /* holds its place in an array */
  }
}

/* json_decode(text, array_metatable) -> value; the writing half is lua/resmoon/base/json.lua */
static int json_decode(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  luaL_checktype(L, 2, LUA_TTABLE);
  json_t **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  if (luaL_newmetatable(L, JSON_BOX)) {
    lua_pushcfunction(L, json_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  rm_error err;
  if (rm_json_parse("json.decode", text, length, JSON_DEPTH, box, &err) != RM_OK) return bind_raise(L, &err);
  push_json(L, *box, 2);
  return 1;
}

static const luaL_Reg functions[] = {
    {"save", save}, {"load", load}, {"write_atomic", write_atomic}, {"json_decode", json_decode}, {NULL, NULL},
};

void bind_open_files(lua_State *L) { bind_register(L, NULL, functions); }
