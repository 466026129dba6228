/* bind.h -- what every binding uses: check, call, return.
 *
 * A Lua API call may jump out of the function (longjmp). So a binding checks its
 * arguments first, then pushes an empty box (a userdata with __gc), lets the core put
 * the new tensor into it, and raises or returns. Between a core call that gives
 * something and the box that owns it, no Lua function is called.
 *
 *     // t:relu() -> new tensor, shape of t
 *     static int tensor_relu(lua_State *L) {
 *       rm_tensor *x = bind_checktensor(L, 1);      // may raise: nothing is held yet
 *       rm_tensor **y = bind_boxtensor(L);          // empty box, on the stack
 *       rm_error err;
 *       return bind_result(L, rm_relu(x, y, &err), y, &err);
 *     }
 *
 * Lua counts dimensions, positions and labels from 1, and negative ones from the end;
 * the bind_check* functions translate, so that C sees them from 0. */
#ifndef RM_BIND_BIND_H
#define RM_BIND_BIND_H

#include <lauxlib.h>
#include <lua.h>
#include "core/rng.h"
#include "core/tape.h"
#include "core/tensor.h"
#include "lazy/value.h"

/* --- errors --------------------------------------------------------------------- */
/* Raises err's message, with the user's file and line in front. Does not return. */
int bind_raise(lua_State *L, const rm_error *err);
/* Raises a formatted message the same way: "conv2d: stride must be at least 1, got 0". */
int bind_error(lua_State *L, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether a chunk, as lua_Debug.source names it, is part of ResMoon's own Lua library. */
bool bind_is_ours(const char *source);

/* Pushes what an error calls the value at arg: as it prints where that is short and on one line, else by its kind
 * ("a tensor", "a ResNet"), as lua/resmoon/base/phrase.lua does. Valid while it is on the stack. */
const char *bind_phrase(lua_State *L, int arg);

/* The candidate nearest to a misspelled name: start, offer each, read `name` (NULL: none is near). */
typedef struct {
  const char *wanted, *name;
  size_t distance;
} bind_nearest;
bind_nearest bind_nearest_start(const char *wanted);
void bind_nearest_offer(bind_nearest *best, const char *candidate);

/* --- tables ---------------------------------------------------------------------- */
/* Pushes a new table that is a result: print shows what is in it (bind/shown.c). */
void bind_newtable(lua_State *L, size_t elements, size_t fields);
void bind_newshape(lua_State *L, size_t elements); /* the same for sizes of dimensions: == compares them */

/* --- tensors -------------------------------------------------------------------- */
#define BIND_TENSOR "resmoon.Tensor"

/* The tensor at stack index `arg`; raises "bad argument ..." if it is none. A number is
 * no tensor. One that waits (lazy/value.h) is computed first. */
rm_tensor *bind_checktensor(lua_State *L, int arg);
rm_tensor *bind_totensor(lua_State *L, int arg);  /* the same, NULL if it is none */
rm_tensor *bind_opttensor(lua_State *L, int arg); /* NULL for none or nil */
/* bind_checktensor for a tensor about to be written in place by `op`: raises where the tape
 * would lose track, and has what waits read the old values first. */
rm_tensor *bind_checkwritable(lua_State *L, int arg, const char *op);

rm_tensor **bind_boxtensor(lua_State *L); /* pushes an empty box */

/* A box holds a value: what an operator that can wait takes and gives. */
rm_value *bind_tovalue(lua_State *L, int arg); /* NULL if there is none; computes nothing; raises for a closed one */
rm_value *bind_boxvalue(lua_State *L);         /* pushes an empty box */
/* After the core filled *box, which is on top of the stack: returns 1 (one result). */
int bind_pushed(lua_State *L, rm_tensor **box);
/* The same where status is RM_OK; otherwise raises err. */
int bind_result(lua_State *L, rm_status status, rm_tensor **box, const rm_error *err);
/* Pushes another reference to t. */
void bind_pushtensor(lua_State *L, rm_tensor *t);

/* rm_backward, with hooks that are Lua functions (bind/hooks.c); raises what one of them raised. */
rm_status bind_backward(lua_State *L, rm_tensor *y, rm_tensor *dy, bool keep_graph, rm_error *err);

/* Looks at how much memory is in use, which Lua cannot see, and may run the collector. Every new
 * box does this; to be called besides where tensors come to hang on older userdata. */
void bind_account(lua_State *L);
/* The same where much has just been dropped, as at the start of backward. */
void bind_accountstep(lua_State *L);

/* --- arguments ------------------------------------------------------------------ */
/* A dimension: 1..ndim or -ndim..-1 -> 0..ndim-1. `op` names the call in the error. */
size_t bind_checkdim(lua_State *L, int arg, size_t ndim, const char *op);
/* The same of what is reduced, sorted or normalized along: a single number counts as a row of one, as in PyTorch. */
size_t bind_checkaxis(lua_State *L, int arg, size_t ndim, const char *op);
/* A position along an extent: 1..n or -n..-1 -> 0..n-1. `what` as in "row". */
size_t bind_checkindex(lua_State *L, int arg, size_t n, const char *op);
/* Raises if there is an argument other than nil from `arg` on: nothing is left out in silence. */
void bind_checkend(lua_State *L, int arg, const char *op);
/* The length of the list at `arg`. Raises for a table with keys beside 1..n, which nobody would look at: options that
 * were written into the list; of a long one, with those that come behind its last element. `what` as in "sizes". */
size_t bind_checklist(lua_State *L, int arg, const char *op, const char *what);
/* Sizes given as numbers from `arg` on, or as one table: (2, 3) or ({2, 3}). Returns the
 * number of sizes and sets *next to the first argument behind them. A nil among numbers raises. */
size_t bind_checkshape(lua_State *L, int arg, size_t shape[RM_MAX_DIMS], int *next, const char *op);
/* Dimensions as one number, numbers, a table, or nothing (all): sets flags[d]. Returns next. */
int bind_checkdims(lua_State *L, int arg, size_t ndim, bool flags[RM_MAX_DIMS], const char *op);
/* "float32", "uint8" or "int64"; `def` if absent. */
rm_dtype bind_optdtype(lua_State *L, int arg, rm_dtype def);

/* Options: a last table with PyTorch's names. The functions read field `name` of the table at
 * `arg` (absent or nil table: all defaults) and raise on a wrong type. bind_checkoptions
 * raises on a field that `names` (NULL at its end) does not list, naming the nearest one. */
void bind_checkoptions(lua_State *L, int arg, const char *op, const char *const names[]);
double bind_optnumber(lua_State *L, int arg, const char *name, double def); /* not NaN */
int64_t bind_optinteger(lua_State *L, int arg, const char *name, int64_t def);
size_t bind_optsize(lua_State *L, int arg, const char *name, size_t def);
/* A question takes no argument: whoever gives one wants to set what is asked. `instead` says how that is done. */
void bind_question(lua_State *L, const char *op, const char *instead);
bool bind_optbool(lua_State *L, int arg, const char *name, bool def);
/* A number or a pair {h, w}. */
void bind_optpair(lua_State *L, int arg, const char *name, size_t def, size_t pair[2]);
const char *bind_optstring(lua_State *L, int arg, const char *name, const char *def);

/* --- generators ----------------------------------------------------------------- */
/* One stream for each use, all in the checkpoint. Lua: rm.random.init and so on. */
typedef enum { BIND_RNG_INIT, BIND_RNG_SHUFFLE, BIND_RNG_AUGMENT, BIND_RNG_DROPOUT, BIND_RNG_COUNT } bind_rng;
rm_rng *bind_generator(lua_State *L, bind_rng which); /* the state's own */
/* A generator in Lua is a userdata that holds a pointer: into the state for its own streams, else
 * to memory behind the pointer, in the same userdata. */
#define BIND_GENERATOR "resmoon.Generator"
/* A generator object at arg, else the state's own `which`. */
rm_rng *bind_optgenerator(lua_State *L, int arg, bind_rng which);

/* --- registration ---------------------------------------------------------------- */
/* Each file of this folder adds what it binds: `methods` to the tensor's metatable (NULL: none),
 * `functions` to the table `resmoon.core` (NULL: none). open.c calls all of them; the core table
 * is on top of the stack meanwhile. The two lists may be the same: x:relu() and rm.relu(x). */
void bind_register(lua_State *L, const luaL_Reg *methods, const luaL_Reg *functions);
int luaopen_resmoon_core(lua_State *L);

#endif
