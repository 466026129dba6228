/* lock.c -- rm.sys.lock. */
#include "bind/bind.h"
#include "bind/lock.h"
#include "io/lock.h"

#define LOCK "resmoon.Lock"

static int lock_release(lua_State *L) {
  rm_lock **box = luaL_checkudata(L, 1, LOCK);
  rm_lock_release(*box);
  *box = NULL;
  return 0;
}

/* A lock on a file, which is made for it: nobody else gets one until it is released, or its process ends in
 * whatever way. It never waits.
 * Call: rm.sys.lock(path) -> lock
 * Call: rm.sys.lock(path) -> nil, text
 * Call: rm.sys.lock(path) -> false, text
 * Call: lock:release() -> nothing
 * Returns: nil where it is held, with who holds it; false where the file system has no locks, with the system's
 *  reason. The lock is released too where the variable that holds it is closed or forgotten.
 * Errors: a file that cannot be made, with the system's reason.
 * Example:
 *   > lock = rm.sys.lock "door"
 *   > again, who = rm.sys.lock "door"
 *   > again, who:match "^process %d+ on "~= nil
 *   nil  true
 *   > lock:release()
 *   > rm.sys.exists "door"
 *   false */
static int sys_lock(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  rm_lock **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  luaL_setmetatable(L, LOCK);
  rm_lock_outcome outcome;
  char text[RM_LOCK_TEXT];
  rm_error err;
  if (rm_lock_take(path, box, &outcome, text, &err) != RM_OK) return bind_raise(L, &err);
  if (outcome == RM_LOCK_TAKEN) return 1;
  if (outcome == RM_LOCK_HELD) lua_pushnil(L);
  else lua_pushboolean(L, 0);
  lua_pushstring(L, text);
  return 2;
}

void bind_add_lock(lua_State *L) {
  luaL_newmetatable(L, LOCK);
  lua_pushcfunction(L, lock_release);
  lua_setfield(L, -2, "__gc");
  lua_pushcfunction(L, lock_release);
  lua_setfield(L, -2, "__close");
  lua_newtable(L);
  lua_pushcfunction(L, lock_release);
  lua_setfield(L, -2, "release");
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  lua_pushcfunction(L, sys_lock);
  lua_setfield(L, -2, "lock");
}
