/* letters.c -- text as people see it: how wide it is, cut, and without anything that a terminal obeys. */
#include "bind/bind.h"
#include "base/letters.h"

/* How wide a text is on a screen: combining marks take no column, wide letters (as of Chinese) take two.
 * Call: rm.text_width(text) -> number
 * Units: columns of a terminal. A byte that is not UTF-8 counts as one.
 * Errors: an argument that is not a text.
 * Source: the width tables of the C library (wcwidth).
 * Example:
 *   > rm.text_width "café", rm.text_width "猫"
 *   4  2 */
static int core_text_width(lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  lua_pushinteger(L, (lua_Integer)rm_letters_width(text, n));
  return 1;
}

/* The beginning of a text that takes no more than so many columns, cut between letters; an accent stays with its letter.
 * Call: rm.text_cut(text, columns) -> string
 * Units: columns of a terminal, as rm.text_width counts them.
 * Errors: arguments of another type, a negative number.
 * Example:
 *   > rm.text_cut("naïve", 3), rm.text_cut("猫と犬", 3)
 *   naï  猫 */
static int core_text_cut(lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  lua_Integer columns = luaL_checkinteger(L, 2);
  if (columns < 0) return bind_error(L, "text_cut: expected columns from 0, got %lld", (long long)columns);
  lua_pushlstring(L, text, rm_letters_cut(text, n, (size_t)columns));
  return 1;
}

/* A text in which nothing is left that a terminal would obey or hide: control characters, bytes that are not UTF-8 and
 * characters that turn the direction of writing are written as escapes. For names that others chose, wherever they are
 * printed.
 * Call: rm.text_visible(text) -> string
 * Errors: an argument that is not a text.
 * Example:
 *   > rm.text_visible "cat\27[31m\n"
 *   cat\x1b[31m\n */
static int core_text_visible(lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  for (size_t i = 0; i < n;) {
    rm_letter letter = rm_letter_at(text + i, n - i);
    char shown[RM_LETTER_SHOWN];
    if (letter.visible) luaL_addlstring(&out, text + i, letter.bytes);
    else luaL_addlstring(&out, shown, rm_letter_show(letter, shown));
    i += letter.bytes;
  }
  luaL_pushresult(&out);
  return 1;
}

void bind_open_letters(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"text_width", core_text_width}, {"text_cut", core_text_cut}, {"text_visible", core_text_visible}, {NULL, NULL}};
  bind_register(L, NULL, functions);
}
