/* data.c -- reading, drawing and preparing images: what lua/resmoon/data stands on.
 *
 * The functions are in the table `imaging` of the core. Positions count from 1 here. */
#include "bind/bind.h"
#include "bind/indices.h"
#include "core/threads.h"
#include "core/alloc.h"
#include "data/augment.h"
#include "data/cifar.h"
#include "data/folder.h"
#include "data/idx.h"
#include "data/image.h"
#include "data/resize.h"
#include "data/shapes10.h"

enum { MAX_CHANNELS = 64 };

/* Two results that one core call makes: in two boxes on the stack. */
static int push_two(lua_State *L, rm_status status, const rm_error *err) {
  if (status != RM_OK) return bind_raise(L, err);
  bind_account(L);
  return 2;
}

/* --- files ------------------------------------------------------------------------ */

/* read_idx(path) -> uint8 tensor of the file's shape */
static int read_idx(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  rm_tensor **t = bind_boxtensor(L);
  rm_error err;
  if (rm_idx_load(path, t, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, t);
}

/* idx_images(path) -> uint8 (N, 1, H, W) */
static int idx_images(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  rm_tensor **t = bind_boxtensor(L);
  rm_error err;
  if (rm_idx_load_images(path, t, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, t);
}

/* idx_labels(path, classes) -> int64 (N), 1..classes */
static int idx_labels(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  size_t classes = (size_t)luaL_checkinteger(L, 2);
  rm_tensor **t = bind_boxtensor(L);
  rm_error err;
  if (rm_idx_load_labels(path, classes, t, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, t);
}

/* The strings of the table at `arg`, which keeps them alive, in memory of Lua's (pushed). */
static const char **check_strings(lua_State *L, int arg, size_t *n) {
  luaL_checktype(L, arg, LUA_TTABLE);
  *n = (size_t)luaL_len(L, arg);
  const char **strings = lua_newuserdatauv(L, (*n + 1) * sizeof *strings, 0);
  for (size_t i = 0; i < *n; i++) {
    if (lua_rawgeti(L, arg, (lua_Integer)i + 1) != LUA_TSTRING)
      bind_error(L, "paths[%d]: expected a string, got %s", (int)i + 1, luaL_typename(L, -1));
    strings[i] = lua_tostring(L, -1);
    lua_pop(L, 1);
  }
  return strings;
}

/* read_cifar({path, ...}, label_bytes, classes, records) -> uint8 (N, 3, 32, 32), int64 (N) */
static int read_cifar(lua_State *L) {
  size_t n;
  rm_cifar_format format = {.labels = (size_t)luaL_checkinteger(L, 2),
                            .classes = (size_t)luaL_checkinteger(L, 3),
                            .records = (size_t)luaL_optinteger(L, 4, 0)};
  const char **paths = check_strings(L, 1, &n);
  rm_tensor **x = bind_boxtensor(L), **y = bind_boxtensor(L);
  rm_error err;
  rm_status status = rm_cifar_load(&format, n, paths, x, y, &err);
  rm_alloc_trim();   /* the files' bytes will not be wanted again */
  return push_two(L, status, &err);
}

/* read_images({path, ...}, channels, height, width) -> uint8 (N, C, H, W) */
static int read_images(lua_State *L) {
  size_t n, c = (size_t)luaL_checkinteger(L, 2), h = (size_t)luaL_checkinteger(L, 3),
            w = (size_t)luaL_checkinteger(L, 4);
  const char **paths = check_strings(L, 1, &n);
  rm_tensor **t = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_images_load(n, paths, c, h, w, t, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, t);
}

/* read_image(path, channels = 3) -> uint8 (C, H, W) */
static int read_image(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  size_t channels = (size_t)luaL_optinteger(L, 2, 3);
  rm_tensor **t = bind_boxtensor(L);
  rm_error err;
  if (rm_image_load(path, channels, t, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, t);
}

/* decode(name, bytes, channels = 3) -> uint8 (C, H, W) */
static int decode(lua_State *L) {
  size_t size, channels = (size_t)luaL_optinteger(L, 3, 3);
  const char *name = luaL_checkstring(L, 1), *bytes = luaL_checklstring(L, 2, &size);
  rm_tensor **t = bind_boxtensor(L);
  rm_error err;
  if (rm_image_decode(name, (const uint8_t *)bytes, size, channels, t, &err) != RM_OK)
    return bind_raise(L, &err);
  return bind_pushed(L, t);
}

/* write_png(path, image): uint8 (1 or 3, H, W) */
static int write_png(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  rm_tensor *image = bind_checktensor(L, 2);
  rm_error err;
  if (rm_image_write_png(path, image, &err) != RM_OK) return bind_raise(L, &err);
  return 0;
}

/* --- one image -------------------------------------------------------------------- */

static rm_tensor *check_image(lua_State *L, int arg, const char *op) {
  rm_tensor *t = bind_checktensor(L, arg);
  char text[RM_SHAPE_TEXT];
  if (t->dtype != RM_UINT8 || t->ndim != 3 || t->numel == 0)
    bind_error(L, "%s: image is %s %s, expected uint8 (C, H, W)", op, rm_dtype_name(t->dtype),
               rm_tensor_text(t, text));
  return t;
}

static int push_box(lua_State *L, rm_box box) {
  lua_pushinteger(L, (lua_Integer)box.top + 1);
  lua_pushinteger(L, (lua_Integer)box.left + 1);
  lua_pushinteger(L, (lua_Integer)box.height);
  lua_pushinteger(L, (lua_Integer)box.width);
  return 4;
}

/* centre_box(image, height, width), cover_box(image, height, width) -> top, left, height, width */
static int centre_box(lua_State *L) {
  rm_tensor *t = check_image(L, 1, "centre_crop");
  return push_box(L, rm_box_centre(t, (size_t)luaL_checkinteger(L, 2), (size_t)luaL_checkinteger(L, 3)));
}

static int cover_box(lua_State *L) {
  rm_tensor *t = check_image(L, 1, "resize");
  return push_box(L, rm_box_cover(t, (size_t)luaL_checkinteger(L, 2), (size_t)luaL_checkinteger(L, 3)));
}

/* random_box(image, scale_low, scale_high, ratio_low, ratio_high, generator?) -> top, left, ... */
static int random_box(lua_State *L) {
  rm_tensor *t = check_image(L, 1, "random_resized_crop");
  double scale[2] = {luaL_checknumber(L, 2), luaL_checknumber(L, 3)};
  double ratio[2] = {luaL_checknumber(L, 4), luaL_checknumber(L, 5)};
  if (!(0 < scale[0] && scale[0] <= scale[1] && scale[1] <= 1 && 0 < ratio[0] && ratio[0] <= ratio[1]))
    return bind_error(L, "random_resized_crop: scale %f..%f, ratio %f..%f, expected 0 < low <= high (scale <= 1)",
                      scale[0], scale[1], ratio[0], ratio[1]);
  return push_box(L, rm_box_random(t, scale, ratio, bind_optgenerator(L, 6, BIND_RNG_AUGMENT)));
}

/* resize(image, height, width, top, left, box_height, box_width) -> uint8 (C, height, width) */
static int resize(lua_State *L) {
  rm_tensor *image = check_image(L, 1, "resize");
  size_t height = (size_t)luaL_checkinteger(L, 2), width = (size_t)luaL_checkinteger(L, 3);
  rm_box box = rm_box_whole(image);
  if (!lua_isnoneornil(L, 4))
    box = (rm_box){bind_checkindex(L, 4, image->shape[1], "resize"), bind_checkindex(L, 5, image->shape[2], "resize"),
                   (size_t)luaL_checkinteger(L, 6), (size_t)luaL_checkinteger(L, 7)};
  rm_tensor **t = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_image_resize(image, box, height, width, t, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, t);
}

/* flip(image) -> the image mirrored left to right */
static int flip(lua_State *L) {
  rm_tensor *image = check_image(L, 1, "flip"), **t = bind_boxtensor(L);
  rm_error err;
  if (rm_image_flip(image, t, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, t);
}

/* --- batches ---------------------------------------------------------------------- */

/* gather(t, indices) -> rows of t (any type), by positions from 1 */
static int gather(lua_State *L) {
  rm_tensor *t = bind_checktensor(L, 1);
  if (t->ndim < 1 || !rm_tensor_is_contiguous(t)) return bind_error(L, "batch: expected a contiguous tensor");
  size_t n, *indices = bind_checkindices(L, 2, t->shape[0], "batch", &n);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_gather_rows(t, n, indices, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* statistics(images) -> {mean of each channel}, {standard deviation}, in units of [0, 1] */
static int statistics(lua_State *L) {
  rm_tensor *images = bind_checktensor(L, 1);
  double mean[MAX_CHANNELS], std[MAX_CHANNELS];
  rm_error err;
  if (images->ndim == 4 && images->shape[1] > MAX_CHANNELS)
    return bind_error(L, "statistics: at most %d channels", MAX_CHANNELS);
  if (RM_BREAKABLE(rm_image_statistics(images, mean, std, &err), &err) != RM_OK) return bind_raise(L, &err);
  lua_newtable(L);
  lua_newtable(L);
  for (size_t c = 0; c < images->shape[1]; c++) {
    lua_pushnumber(L, mean[c]);
    lua_rawseti(L, -3, (lua_Integer)c + 1);
    lua_pushnumber(L, std[c]);
    lua_rawseti(L, -2, (lua_Integer)c + 1);
  }
  return 2;
}

/* shapes10(n, seed, part) -> uint8 (n, 3, 32, 32), int64 (n); part 0: train, 1: test */
static int shapes10(lua_State *L) {
  lua_Integer n = luaL_checkinteger(L, 1), seed = luaL_checkinteger(L, 2), part = luaL_checkinteger(L, 3);
  if (n < 0) return bind_error(L, "shapes10: size must not be negative, got %d", (int)n);
  rm_tensor **x = bind_boxtensor(L), **y = bind_boxtensor(L);
  rm_error err;
  rm_status status = RM_BREAKABLE(rm_shapes10((size_t)n, (uint64_t)seed, (uint64_t)part, x, y, &err), &err);
  return push_two(L, status, &err);
}

void bind_open_data(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"read_idx", read_idx}, {"idx_images", idx_images}, {"idx_labels", idx_labels},
    {"read_cifar", read_cifar}, {"read_images", read_images}, {"read_image", read_image},
    {"decode", decode}, {"write_png", write_png}, {"centre_box", centre_box}, {"cover_box", cover_box},
    {"random_box", random_box}, {"resize", resize}, {"flip", flip}, {"gather", gather},
    {"statistics", statistics}, {"shapes10", shapes10}, {NULL, NULL},
  };
  luaL_newlib(L, functions);
  lua_newtable(L);
  for (size_t k = 0; k < RM_SHAPES10_CLASSES; k++) {
    lua_pushstring(L, rm_shapes10_class(k));
    lua_rawseti(L, -2, (lua_Integer)k + 1);
  }
  lua_setfield(L, -2, "shapes10_classes");
  lua_setfield(L, -2, "imaging");
}
