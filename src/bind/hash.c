/* hash.c -- rm.sha256: digests of text, tensors and files. */
#include <string.h>
#include "bind/bind.h"
#include "core/copy.h"
#include "io/sha256.h"

#define HASH "resmoon.Sha256"

static rm_sha256 *check_hash(lua_State *L) {
  rm_sha256 **box = luaL_checkudata(L, 1, HASH);
  if (!*box) bind_error(L, "this hash was closed: its __gc was called");
  return *box;
}

static int hash_gc(lua_State *L) {
  rm_sha256 **box = luaL_checkudata(L, 1, HASH);
  rm_sha256_free(*box);
  *box = NULL;
  return 0;
}

/* The elements of a tensor, row by row, whatever its strides: equal tensors have equal digests. */
static void add_tensor(lua_State *L, rm_sha256 *hash, rm_tensor *t) {
  rm_error err;
  rm_tensor **box = bind_boxtensor(L);
  if (rm_tensor_contiguous(t, box, &err) != RM_OK) bind_raise(L, &err);
  size_t bytes = (*box)->numel * rm_dtype_size((*box)->dtype);
  if (rm_sha256_update(hash, rm_tensor_data(*box), bytes, &err) != RM_OK) bind_raise(L, &err);
  lua_pop(L, 1);
}

static void add_value(lua_State *L, rm_sha256 *hash, int arg) {
  rm_tensor *t = bind_totensor(L, arg);
  if (t) {
    add_tensor(L, hash, t);
    return;
  }
  if (lua_type(L, arg) != LUA_TSTRING)
    bind_error(L, "sha256: expected a string or a tensor, got %s", luaL_typename(L, arg));
  size_t length;
  const char *text = lua_tolstring(L, arg, &length);
  rm_error err;
  if (rm_sha256_update(hash, text, length, &err) != RM_OK) bind_raise(L, &err);
}

/* A SHA-256 digest of whatever it is given, in parts: text, the elements of tensors, files.
 * Call: rm.sha256(value = nil) -> hash
 * Call: hash:update(value) -> hash
 * Call: hash:file(path) -> hash, number
 * Call: hash:digest() -> string
 * Shapes: a tensor of any shape and type; its elements count, row by row, as bytes in the machine's order (on all
 *  machines this program runs on the lowest first). Neither its shape nor its type is part of the digest.
 * Units: file's number is the size in bytes; the digest is 64 hexadecimal digits. More may follow it.
 * Errors: a value that is neither text nor a tensor; a file that cannot be read, with the system's reason.
 * Source: FIPS 180-4, by libcrypto (OpenSSL).
 * Example:
 *   > rm.sha256("abc"):digest():sub(1, 16)
 *   ba7816bf8f01cfea
 *   > hash = rm.sha256()
 *   > hash:update("a"):update("bc");
 *   > hash:digest() == rm.sha256("abc"):digest()
 *   true
 *   > x = rm.tensor({97, 98, 99}, "uint8")
 *   > rm.sha256(x):digest():sub(1, 16)
 *   ba7816bf8f01cfea */
static int sha256(lua_State *L) {
  lua_settop(L, 1);
  rm_sha256 **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  luaL_setmetatable(L, HASH);
  rm_error err;
  if (rm_sha256_new(box, &err) != RM_OK) return bind_raise(L, &err);
  if (!lua_isnil(L, 1)) add_value(L, *box, 1);
  return 1;
}

/* hash:update(text or tensor) -> hash */
static int hash_update(lua_State *L) {
  rm_sha256 *hash = check_hash(L);
  luaL_checkany(L, 2);
  add_value(L, hash, 2);
  lua_settop(L, 1);
  return 1;
}

/* hash:file(path) -> hash, size in bytes */
static int hash_file(lua_State *L) {
  rm_sha256 *hash = check_hash(L);
  const char *path = luaL_checkstring(L, 2);
  uint64_t size = 0;
  rm_error err;
  if (rm_sha256_file(hash, path, &size, &err) != RM_OK) return bind_raise(L, &err);
  lua_settop(L, 1);
  lua_pushinteger(L, (lua_Integer)size);
  return 2;
}

/* hash:digest() -> 64 hexadecimal digits of all that has come so far */
static int hash_digest(lua_State *L) {
  char text[RM_SHA256_TEXT];
  rm_error err;
  if (rm_sha256_digest(check_hash(L), text, &err) != RM_OK) return bind_raise(L, &err);
  lua_pushstring(L, text);
  return 1;
}

static int hash_tostring(lua_State *L) {
  hash_digest(L);
  lua_pushfstring(L, "sha256 %s", lua_tostring(L, -1));
  return 1;
}

void bind_open_hash(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"update", hash_update}, {"file", hash_file}, {"digest", hash_digest}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"sha256", sha256}, {NULL, NULL}};
  luaL_newmetatable(L, HASH);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, hash_gc);
  lua_setfield(L, -2, "__gc");
  lua_pushcfunction(L, hash_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_pop(L, 1);
  bind_register(L, NULL, functions);
}
