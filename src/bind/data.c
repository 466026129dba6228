/* data.c -- reading, drawing and preparing images: what lua/resmoon/data stands on.
 *
 * The functions are in the table `imaging` of the core. Positions count from 1 here. */
#include <string.h>
#include "bind/bind.h"
#include "bind/data_files.h"
#include "bind/indices.h"
#include "memory/alloc.h"
#include "measure/profile.h"
#include "parallel/interrupt.h"
#include "data/augment.h"
#include "data/cifar.h"
#include "data/erase.h"
#include "data/idx.h"
#include "data/image.h"
#include "data/image_batch.h"
#include "data/png.h"
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

/* idx_labels(path, classes, first = 0) -> int64 (N), 1..classes; first: how the file counts */
static int idx_labels(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  size_t classes = (size_t)luaL_checkinteger(L, 2), first = (size_t)luaL_optinteger(L, 3, 0);
  rm_tensor **t = bind_boxtensor(L);
  rm_error err;
  if (rm_idx_load_labels(path, first, classes, t, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, t);
}

/* The strings of the table at `arg`, which keeps them alive, in memory of Lua's (pushed). */
static const char **check_strings(lua_State *L, int arg, size_t *n) {
  luaL_checktype(L, arg, LUA_TTABLE);
  *n = bind_checklist(L, arg, "data", "paths");
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
  rm_alloc_trim(); /* the files' bytes will not be wanted again */
  return push_two(L, status, &err);
}

/* read_image(path, channels = 3, orient = false) -> uint8 (C, H, W) */
static int read_image(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  size_t channels = (size_t)luaL_optinteger(L, 2, 3);
  bool orient = lua_toboolean(L, 3);
  rm_tensor **t = bind_boxtensor(L);
  rm_error err;
  if (rm_image_load(path, channels, orient, t, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, t);
}

/* decode(name, bytes, channels = 3, orient = false) -> uint8 (C, H, W) */
static int decode(lua_State *L) {
  size_t size, channels = (size_t)luaL_optinteger(L, 3, 3);
  const char *name = luaL_checkstring(L, 1), *bytes = luaL_checklstring(L, 2, &size);
  bool orient = lua_toboolean(L, 4);
  rm_tensor **t = bind_boxtensor(L);
  rm_error err;
  if (rm_image_decode(name, (const uint8_t *)bytes, size, channels, orient, t, &err) != RM_OK)
    return bind_raise(L, &err);
  return bind_pushed(L, t);
}

/* write_png(path, image): uint8 (1 or 3, H, W) */
static int write_png(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  rm_tensor *image = bind_checktensor(L, 2);
  rm_error err;
  if (rm_png_write(path, image, &err) != RM_OK) return bind_raise(L, &err);
  return 0;
}

/* --- one image -------------------------------------------------------------------- */

static rm_tensor *check_image(lua_State *L, int arg, const char *op) {
  rm_tensor *t = bind_checktensor(L, arg);
  char text[RM_SHAPE_TEXT];
  if (t->dtype != RM_UINT8 || t->ndim != 3 || t->numel == 0)
    bind_error(L, "%s: image is %s %s, expected uint8 (C, H, W)", op, rm_dtype_name(t->dtype), rm_tensor_text(t, text));
  return t;
}

static int push_box(lua_State *L, rm_box box) {
  lua_pushinteger(L, (lua_Integer)box.top + 1);
  lua_pushinteger(L, (lua_Integer)box.left + 1);
  lua_pushinteger(L, (lua_Integer)box.height);
  lua_pushinteger(L, (lua_Integer)box.width);
  return 4;
}

static void check_random(lua_State *L, const double scale[2], const double ratio[2]) {
  if (!(0 < scale[0] && scale[0] <= scale[1] && scale[1] <= 1 && 0 < ratio[0] && ratio[0] <= ratio[1]))
    bind_error(L, "random_resized_crop: scale %f..%f, ratio %f..%f, expected 0 < low <= high (scale <= 1)", scale[0],
               scale[1], ratio[0], ratio[1]);
}

/* random_box(image, scale_low, scale_high, ratio_low, ratio_high, generator?) -> top, left, ... */
static int random_box(lua_State *L) {
  rm_tensor *t = check_image(L, 1, "random_resized_crop");
  double scale[2] = {luaL_checknumber(L, 2), luaL_checknumber(L, 3)};
  double ratio[2] = {luaL_checknumber(L, 4), luaL_checknumber(L, 5)};
  check_random(L, scale, ratio);
  return push_box(L, rm_box_random(t, scale, ratio, bind_optgenerator(L, 6, BIND_RNG_AUGMENT)));
}

/* erase_box(height, width, scale_low, scale_high, ratio_low, ratio_high, generator?) -> top, left, height, width; nil
 * where none fits */
static int erase_box(lua_State *L) {
  lua_Integer h = luaL_checkinteger(L, 1), w = luaL_checkinteger(L, 2);
  double scale[2] = {luaL_checknumber(L, 3), luaL_checknumber(L, 4)};
  double ratio[2] = {luaL_checknumber(L, 5), luaL_checknumber(L, 6)};
  rm_rng *rng = bind_optgenerator(L, 7, BIND_RNG_AUGMENT);
  rm_box box;
  if (h > 0 && w > 0 && rm_erase_box((size_t)h, (size_t)w, scale, ratio, rng, &box)) return push_box(L, box);
  lua_pushnil(L);
  return 1;
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

/* --- transforms ------------------------------------------------------------------- */

static double step_number(lua_State *L, const char *name, int k, double def) {
  double value = def;
  if (lua_getfield(L, -1, name) == LUA_TTABLE) {
    lua_rawgeti(L, -1, k + 1);
    lua_replace(L, -2);
  }
  if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TNUMBER)
    bind_error(L, "transform: %s is %s, expected a number", name, bind_phrase(L, -1));
  if (!lua_isnil(L, -1)) value = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return value;
}

/* A height or width; 0: none. */
static size_t step_side(lua_State *L, const char *name) {
  double value = step_number(L, name, 0, 0);
  if (!(value >= 0 && value <= INT32_MAX)) bind_error(L, "transform: %s is %g, expected at least 0", name, value);
  return (size_t)value;
}

/* What random_erasing and rotation have beside: of the step at the top of the stack. */
static void check_painting(lua_State *L, rm_step *step) {
  for (int k = 0; k < 2; k++) step->degrees[k] = step_number(L, "degrees", k, 0);
  step->value = step_number(L, "value", 0, 0);
  step->rotation.fill = step_number(L, "fill", 0, 0);
  lua_getfield(L, -1, "bilinear");
  step->rotation.bilinear = lua_toboolean(L, -1);
  lua_pop(L, 1);
}

/* The factors of a color step: brightness = {low, high}, contrast =, saturation =, hue =; one alone is `color`. */
static void check_colors(lua_State *L, rm_step *step) {
  static const char *const colors[RM_COLORS] = {"brightness", "contrast", "saturation", "hue"};
  for (size_t c = 0; c < RM_COLORS; c++) {
    double nothing = c == RM_COLOR_HUE ? 0 : 1;
    if (lua_getfield(L, -1, colors[c]) != LUA_TNIL) step->color = (rm_color)c;
    lua_pop(L, 1);
    for (int k = 0; k < 2; k++) step->factors[c][k] = step_number(L, colors[c], k, nothing);
  }
}

/* The step at the top of the stack: {kind =, height =, width =, scale = {low, high}, ratio = {low, high}, p =, ...}. */
static rm_step check_step(lua_State *L) {
  static const char *const kinds[] = {
      "resize",         "shorter", "pad",          "center_crop", "ten_crop",         "cover",  "random_resized_crop",
      "flip",           "color",   "color_jitter", "grayscale",   "random_grayscale", "rotate", "random_rotation",
      "random_erasing", NULL};
  rm_step step = {.p = step_number(L, "p", 0, 0.5)};
  size_t kind = 0;
  step.height = step_side(L, "height");
  step.width = step_side(L, "width");
  if (lua_getfield(L, -1, "kind") != LUA_TSTRING)
    bind_error(L, "transform: kind is %s, expected a string", bind_phrase(L, -1));
  while (kinds[kind] && strcmp(kinds[kind], lua_tostring(L, -1)) != 0) kind++;
  if (!kinds[kind]) bind_error(L, "transform: there is no step of the kind '%s'", lua_tostring(L, -1));
  step.kind = (rm_step_kind)kind;
  lua_pop(L, 1);
  for (int k = 0; k < 2; k++) {
    step.scale[k] = step_number(L, "scale", k, 1);
    step.ratio[k] = step_number(L, "ratio", k, 1);
  }
  check_painting(L, &step);
  check_colors(L, &step);
  if (step.kind == RM_STEP_RANDOM_RESIZED_CROP) check_random(L, step.scale, step.ratio);
  return step;
}

/* The list of steps at `arg`, in memory of Lua's (pushed). */
static rm_transform check_transform(lua_State *L, int arg) {
  luaL_checktype(L, arg, LUA_TTABLE);
  size_t n = (size_t)luaL_len(L, arg);
  rm_step *steps = lua_newuserdatauv(L, (n + 1) * sizeof *steps, 0);
  for (size_t i = 0; i < n; i++) {
    lua_rawgeti(L, arg, (lua_Integer)i + 1);
    if (!lua_istable(L, -1)) bind_error(L, "transform: step %zu is %s, expected a table", i + 1, bind_phrase(L, -1));
    steps[i] = check_step(L);
    lua_pop(L, 1);
  }
  return (rm_transform){n, steps};
}

/* The list of n generators at `arg`, which keeps them alive, in memory of Lua's (pushed); NULL for nil. */
static rm_rng **check_generators(lua_State *L, int arg, size_t n) {
  if (lua_isnoneornil(L, arg)) return NULL;
  luaL_checktype(L, arg, LUA_TTABLE);
  rm_rng **rngs = lua_newuserdatauv(L, (n + 1) * sizeof *rngs, 0);
  for (size_t i = 0; i < n; i++) {
    lua_rawgeti(L, arg, (lua_Integer)i + 1);
    rngs[i] = *(rm_rng **)luaL_checkudata(L, -1, BIND_GENERATOR);
    lua_pop(L, 1);
  }
  return rngs;
}

/* transform(image, steps, generator?) -> what the steps make of it, uint8 */
static int transform(lua_State *L) {
  rm_tensor *image = check_image(L, 1, "transform");
  rm_rng *rng = bind_optgenerator(L, 3, BIND_RNG_AUGMENT);
  rm_transform steps = check_transform(L, 2);
  rm_tensor **t = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_transform_apply(&steps, image, rng, t, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, t);
}

/* transform_images(images (n, C, H, W), steps, {generator, ...}?) -> uint8 (n, ...), on all threads */
static int transform_images(lua_State *L) {
  lua_settop(L, 3); /* what is pushed below is no argument */
  rm_tensor *images = bind_checktensor(L, 1);
  rm_transform steps = check_transform(L, 2);
  rm_rng **rngs = check_generators(L, 3, images->ndim ? images->shape[0] : 0);
  rm_tensor **t = bind_boxtensor(L);
  rm_error err;
  rm_scope scope = rm_profile_begin();
  rm_status status = RM_BREAKABLE(rm_images_transform(images, &steps, rngs, t, &err), &err);
  rm_profile_end(scope, "data", RM_PROFILE_CALL);
  return bind_result(L, status, t, &err);
}

/* read_images({path, ...}, channels, steps, {generator, ...}?, orient = false) -> uint8 (n, ...), on all threads */
static int read_images(lua_State *L) {
  lua_settop(L, 5); /* what is pushed below is no argument */
  size_t n, channels = (size_t)luaL_checkinteger(L, 2);
  bool orient = lua_toboolean(L, 5);
  const char **paths = check_strings(L, 1, &n);
  rm_transform steps = check_transform(L, 3);
  rm_rng **rngs = check_generators(L, 4, n);
  rm_tensor **t = bind_boxtensor(L);
  rm_error err;
  rm_scope scope = rm_profile_begin();
  rm_status status = RM_BREAKABLE(rm_images_load(n, paths, channels, orient, &steps, rngs, t, &err), &err);
  rm_profile_end(scope, "data", RM_PROFILE_CALL);
  return bind_result(L, status, t, &err);
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
  bind_newtable(L, images->shape[1], 0);
  bind_newtable(L, images->shape[1], 0);
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
      {"read_idx", read_idx},
      {"idx_images", idx_images},
      {"idx_labels", idx_labels},
      {"read_cifar", read_cifar},
      {"read_images", read_images},
      {"read_image", read_image},
      {"decode", decode},
      {"write_png", write_png},
      {"random_box", random_box},
      {"erase_box", erase_box},
      {"resize", resize},
      {"transform", transform},
      {"transform_images", transform_images},
      {"gather", gather},
      {"statistics", statistics},
      {"shapes10", shapes10},
      {NULL, NULL},
  };
  luaL_newlib(L, functions);
  bind_newtable(L, RM_SHAPES10_CLASSES, 0);
  for (size_t k = 0; k < RM_SHAPES10_CLASSES; k++) {
    lua_pushstring(L, rm_shapes10_class(k));
    lua_rawseti(L, -2, (lua_Integer)k + 1);
  }
  lua_setfield(L, -2, "shapes10_classes");
  bind_add_data_files(L);
  lua_setfield(L, -2, "imaging");
}
