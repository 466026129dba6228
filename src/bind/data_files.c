/* data_files.c -- looking at files and folders, and the formats that are read in one piece; part of the table `imaging`. */
#include <errno.h>
#include <string.h>
#include "bind/bind.h"
#include "bind/data_files.h"
#include "memory/alloc.h"
#include "io/filekind.h"
#include "parallel/interrupt.h"
#include "data/cifar_python.h"
#include "data/csv.h"
#include "data/entries.h"
#include "data/probe.h"

enum { NAMES_ROOM = 1 << 16 };

/* The strings of the table at `arg`, which keeps them alive, in memory of Lua's (pushed). */
static const char **check_paths(lua_State *L, int arg, size_t *n) {
  luaL_checktype(L, arg, LUA_TTABLE);
  *n = bind_checklist(L, arg, "data", "paths");
  const char **paths = lua_newuserdatauv(L, (*n + 1) * sizeof *paths, 0);
  for (size_t i = 0; i < *n; i++) {
    if (lua_rawgeti(L, arg, (lua_Integer)i + 1) != LUA_TSTRING)
      bind_error(L, "paths[%d]: expected a string, got %s", (int)i + 1, luaL_typename(L, -1));
    paths[i] = lua_tostring(L, -1);
    lua_pop(L, 1);
  }
  return paths;
}

/* --- folders ------------------------------------------------------------------------- */

#define LISTING "resmoon.Listing"

static int listing_gc(lua_State *L) {
  rm_entries_free(luaL_checkudata(L, 1, LISTING));
  return 0;
}

static rm_entries *push_listing(lua_State *L) {
  rm_entries *list = lua_newuserdatauv(L, sizeof *list, 0);
  *list = (rm_entries){0};
  if (luaL_newmetatable(L, LISTING)) {
    lua_pushcfunction(L, listing_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return list;
}

/* list_folder(path) -> {name, ...} by their bytes, {type, ...} ("file", "broken", "other"; of a folder a string that
 * all its names have in common), such a string of the folder itself; or nil, reason */
static int list_folder(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  rm_entries *list = push_listing(L);
  rm_error err;
  if (rm_entries_read(path, list, &err) != RM_OK) {
    lua_pushnil(L);
    lua_pushstring(L, err.message);
    return 2;
  }
  static const char *const types[] = {
      [RM_ENTRY_FILE] = "file", [RM_ENTRY_BROKEN] = "broken", [RM_ENTRY_OTHER] = "other"};
  bind_newtable(L, list->count, 0);
  bind_newtable(L, list->count, 0);
  for (size_t i = 0; i < list->count; i++) {
    const rm_entry *e = &list->entries[i];
    lua_pushstring(L, e->name);
    lua_rawseti(L, -3, (lua_Integer)i + 1);
    if (e->type == RM_ENTRY_FOLDER) lua_pushfstring(L, "%I:%I", (LUAI_UACINT)e->device, (LUAI_UACINT)e->inode);
    else lua_pushstring(L, types[e->type]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_pushfstring(L, "%I:%I", (LUAI_UACINT)list->device, (LUAI_UACINT)list->inode);
  rm_entries_free(list);
  return 3;
}

/* --- files ------------------------------------------------------------------------------ */

/* file_kind(path) -> name, text, advice or nil; nil, reason where it cannot be read */
static int file_kind(lua_State *L) {
  rm_file_kind kind;
  rm_error err;
  if (rm_kind_of_file(luaL_checkstring(L, 1), &kind, &err) != RM_OK) {
    lua_pushnil(L);
    lua_pushstring(L, err.message);
    return 2;
  }
  lua_pushstring(L, kind.name);
  lua_pushstring(L, kind.text);
  lua_pushstring(L, kind.advice);
  return 3;
}

/* What is said of one file: {kind, text, advice, picture =, width =, height =, channels =, bits =} or {reason =}. */
static void push_info(lua_State *L, const rm_image_info *info) {
  bind_newtable(L, 0, 8);
  if (info->reason) {
    lua_pushstring(L, strerror(info->reason));
    lua_setfield(L, -2, "reason");
    return;
  }
  lua_pushstring(L, info->kind.name);
  lua_setfield(L, -2, "kind");
  lua_pushstring(L, info->kind.text);
  lua_setfield(L, -2, "text");
  lua_pushboolean(L, info->kind.picture);
  lua_setfield(L, -2, "picture");
  if (!info->is_image) return;
  const struct {
    const char *name;
    unsigned value;
  } fields[] = {{"width", info->width}, {"height", info->height}, {"channels", info->channels}, {"bits", info->bits}};
  for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
    lua_pushinteger(L, (lua_Integer)fields[k].value);
    lua_setfield(L, -2, fields[k].name);
  }
}

/* What the headers of the files of the list at `arg` say, in a userdata that it pushes. */
static const rm_image_info *check_infos(lua_State *L, int arg, size_t *n) {
  const char **paths = check_paths(L, arg, n);
  rm_image_info *infos = lua_newuserdatauv(L, (*n + 1) * sizeof *infos, 0);
  memset(infos, 0, *n * sizeof *infos);
  rm_error err;
  rm_breakable_begin();
  rm_images_probe(*n, paths, infos);
  if (rm_breakable_end(RM_OK, &err) != RM_OK) bind_raise(L, &err);
  return infos;
}

/* probe({path, ...}) -> {info, ...}: what the headers of files say, read on all threads; width only of JPEG and PNG
 * files whose header is whole */
static int probe(lua_State *L) {
  size_t n;
  const rm_image_info *infos = check_infos(L, 1, &n);
  bind_newtable(L, n, 0);
  for (size_t i = 0; i < n; i++) {
    push_info(L, &infos[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

typedef struct {
  lua_Integer images, gray, deep; /* deep: more than 8 bits a channel */
  unsigned width[2], height[2];
} survey_sums;

static void survey_one(survey_sums *sums, const rm_image_info *info) {
  unsigned w = info->width, h = info->height;
  if (sums->images == 0) {
    sums->width[0] = sums->width[1] = w;
    sums->height[0] = sums->height[1] = h;
  }
  if (w < sums->width[0]) sums->width[0] = w;
  if (w > sums->width[1]) sums->width[1] = w;
  if (h < sums->height[0]) sums->height[0] = h;
  if (h > sums->height[1]) sums->height[1] = h;
  sums->images++;
  sums->gray += info->channels == 1;
  sums->deep += info->bits > 8;
}

static void set_pair(lua_State *L, const char *name, const unsigned pair[2]) {
  bind_newtable(L, 2, 0);
  for (int k = 0; k < 2; k++) {
    lua_pushinteger(L, (lua_Integer)pair[k]);
    lua_rawseti(L, -2, k + 1);
  }
  lua_setfield(L, -2, name);
}

/* survey({path, ...}) -> {images =, gray =, deep =, width = {least, most}, height = {least, most}, bad = {{i, what the
 * file is}, ...}}, from the headers */
static int survey(lua_State *L) {
  size_t n;
  const rm_image_info *infos = check_infos(L, 1, &n);
  survey_sums sums = {0};
  bind_newtable(L, 0, 8);
  bind_newtable(L, 0, 0);
  lua_Integer bad = 0;
  for (size_t i = 0; i < n; i++) {
    const rm_image_info *info = &infos[i];
    if (info->is_image) {
      survey_one(&sums, info);
      continue;
    }
    bind_newtable(L, 2, 0);
    lua_pushinteger(L, (lua_Integer)i + 1);
    lua_rawseti(L, -2, 1);
    if (info->reason) lua_pushfstring(L, "cannot be read: %s", strerror(info->reason));
    else if (strcmp(info->kind.name, "jpeg") == 0 || strcmp(info->kind.name, "png") == 0)
      lua_pushfstring(L, "is %s with a damaged header", info->kind.text);
    else if (info->kind.advice)
      lua_pushfstring(L, "is %s, neither JPEG nor PNG: %s", info->kind.text, info->kind.advice);
    else lua_pushfstring(L, "is %s, neither JPEG nor PNG", info->kind.text);
    lua_rawseti(L, -2, 2);
    lua_rawseti(L, -2, ++bad);
  }
  lua_setfield(L, -2, "bad");
  lua_pushinteger(L, sums.images);
  lua_setfield(L, -2, "images");
  lua_pushinteger(L, sums.gray);
  lua_setfield(L, -2, "gray");
  lua_pushinteger(L, sums.deep);
  lua_setfield(L, -2, "deep");
  set_pair(L, "width", sums.width);
  set_pair(L, "height", sums.height);
  return 1;
}

/* --- formats --------------------------------------------------------------------------- */

static int push_two(lua_State *L, rm_status status, const rm_error *err) {
  rm_alloc_trim(); /* the files' bytes will not be wanted again */
  if (status != RM_OK) return bind_raise(L, err);
  bind_account(L);
  return 2;
}

/* read_cifar_python({path, ...}, labels_key, classes, records = 0) -> uint8 (N, 3, 32, 32), int64 (N) from 1 */
static int read_cifar_python(lua_State *L) {
  size_t n, classes = (size_t)luaL_checkinteger(L, 3), records = (size_t)luaL_optinteger(L, 4, 0);
  const char *key = luaL_checkstring(L, 2), **paths = check_paths(L, 1, &n);
  rm_tensor **x = bind_boxtensor(L), **y = bind_boxtensor(L);
  rm_error err;
  return push_two(L, rm_cifar_python_load(key, classes, records, n, paths, x, y, &err), &err);
}

/* cifar_python_names(path, key) -> {name, ...} */
static int cifar_python_names(lua_State *L) {
  const char *path = luaL_checkstring(L, 1), *key = luaL_checkstring(L, 2);
  char *names = lua_newuserdatauv(L, NAMES_ROOM, 0);
  size_t used;
  rm_error err;
  if (rm_cifar_python_names(path, key, NAMES_ROOM, names, &used, &err) != RM_OK) return bind_raise(L, &err);
  bind_newtable(L, 0, 0);
  lua_Integer k = 0;
  for (size_t at = 0; at < used; at += strlen(names + at) + 1) {
    lua_pushstring(L, names + at);
    lua_rawseti(L, -2, ++k);
  }
  return 1;
}

/* read_csv(path) -> uint8 (N, 1, S, S), int64 (N) as in the file */
static int read_csv(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  rm_tensor **x = bind_boxtensor(L), **y = bind_boxtensor(L);
  rm_error err;
  return push_two(L, rm_csv_load(path, x, y, &err), &err);
}

void bind_add_data_files(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"list_folder", list_folder},
      {"file_kind", file_kind},
      {"probe", probe},
      {"survey", survey},
      {"read_cifar_python", read_cifar_python},
      {"cifar_python_names", cifar_python_names},
      {"read_csv", read_csv},
      {NULL, NULL},
  };
  luaL_setfuncs(L, functions, 0);
}
