/* checkpoint.c -- a function whose graph is thrown away, and made again when backward comes by.
 *
 * What remains on the tape is one node with the input. Its backward calls the function again, from
 * generators in the state of then, with nothing moved a second time, and goes back through the new
 * graph as a part of the walk that is going on: gradients are added up in the order in which they
 * would be without all this, so they have the same bits. The first call records, too: then both
 * calls run the same code. */
#include "bind/hooks.h"
#include "bind/box.h"
#include "core/view.h"
#include "parallel/interrupt.h"

#include <string.h>

typedef struct {
  bind_hook base;  /* lives and dies with the node; its value is the list of the function and what follows x */
  rm_rng *current; /* the state's generators, */
  rm_rng generators[BIND_RNG_COUNT]; /* and as they were before the first call */
} checkpoint;

typedef struct {
  const checkpoint *c;
  rm_tensor *x, *dy, *dx;
  bool wants; /* x's gradient */
} replay;

static rm_status look(rm_hook *hook, rm_tensor *dy, rm_tensor **instead, rm_error *err) {
  (void)hook, (void)dy, (void)instead, (void)err;
  return RM_OK;
}

/* Pushes the function, x and what follows it, from the list at `list`. Returns how many arguments. */
static int push_call(lua_State *L, int list, int x) {
  int n = (int)lua_rawlen(L, list);
  luaL_checkstack(L, n + 4, "checkpoint");
  lua_rawgeti(L, list, 1);
  lua_pushvalue(L, x);
  for (int i = 2; i <= n; i++) lua_rawgeti(L, list, i);
  return n;
}

static int run_again(lua_State *L) {
  replay *r = lua_touserdata(L, 1);
  rm_error err;
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  bind_pushhookvalue(L, &r->c->base);
  rm_tensor **x = bind_boxtensor(L);
  if (rm_tensor_detach(r->x, x, &err) != RM_OK) return bind_raise(L, &err);
  (void)rm_tensor_set_requires_grad(*x, r->wants, &err);
  lua_call(L, push_call(L, 2, 3), 1);
  rm_tensor *y = bind_checktensor(L, 4);
  if (!rm_tensor_same_shape(y, r->dy))
    return bind_error(L, "checkpoint: called again the function returned %s, the first time %s", rm_tensor_text(y, a),
                      rm_tensor_text(r->dy, b));
  bind_accountstep(L); /* the boxes that the call has left */
  if (bind_backwardwithin(L, y, r->dy, *x, &r->dx, &err) != RM_OK) return bind_raise(L, &err);
  return 0;
}

static rm_status backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  checkpoint *c = *(checkpoint *const *)rm_node_payload(node);
  replay r = {c, rm_node_saved(node, 0), dy, NULL, rm_node_needs(node, 0)};
  rm_rng *generators = c->current, now[BIND_RNG_COUNT];
  memcpy(now, generators, sizeof now);
  memcpy(generators, c->generators, sizeof now);
  bool grad = rm_grad_set(true), replaying = rm_tape_set_replaying(true);
  rm_unbreakable pause = rm_unbreakable_begin(); /* the function is the user's own code */
  rm_status status = bind_callhook(&c->base, run_again, &r, err);
  rm_unbreakable_end(pause);
  rm_tape_set_replaying(replaying);
  rm_grad_set(grad);
  memcpy(generators, now, sizeof now);
  if (status == RM_OK) dx[0] = r.dx;
  else rm_tensor_release(r.dx);
  return status;
}

/* Puts in the place of y, which was computed, the same values computed by this one node. */
static rm_status replace(rm_tensor **box, rm_tensor *x, checkpoint *c, rm_error *err) {
  rm_tensor *y = NULL;
  RM_TRY(rm_tensor_detach(*box, &y, err));
  rm_status status = rm_tape_record(y,
                                    &(rm_record){.name = "checkpoint",
                                                 .backward = backward,
                                                 .ninputs = 1,
                                                 .inputs = &x,
                                                 .nsaved = 1,
                                                 .saved = &x,
                                                 .payload = &c,
                                                 .payload_bytes = sizeof c},
                                    err);
  if (status == RM_OK) status = rm_tensor_add_hook(y, &c->base.rm, err);
  if (status != RM_OK) {
    rm_tensor_release(y);
    return status;
  }
  rm_tensor_release(*box); /* and the graph behind it */
  *box = y;
  return RM_OK;
}

/* checkpoint(f, x, ...) -> f(x, ...), one tensor, of whose graph only x is kept */
static int core_checkpoint(lua_State *L) {
  if (lua_type(L, 1) != LUA_TFUNCTION && !luaL_getmetafield(L, 1, "__call"))
    return bind_error(L, "checkpoint: expected a function, got %s", luaL_typename(L, 1));
  if (lua_type(L, 1) != LUA_TFUNCTION) lua_pop(L, 1);
  rm_tensor *x = bind_checktensor(L, 2);
  bind_state *state = bind_getstate(L);
  rm_rng before[BIND_RNG_COUNT];
  memcpy(before, state->generators, sizeof before);
  int n = lua_gettop(L);
  lua_createtable(L, n - 1, 0);
  for (int i = 1, at = 1; i <= n; i++) {
    if (i == 2) continue;
    lua_pushvalue(L, i);
    lua_rawseti(L, n + 1, at++);
  }
  for (int i = 3; i <= n; i++) {
    const rm_tensor *t = bind_totensor(L, i);
    if (lua_isnil(L, i)) return bind_error(L, "checkpoint: argument %d is nil, expected a value", i - 1);
    if (t && t->requires_grad && rm_grad_enabled())
      return bind_error(L, "checkpoint: argument %d requires a gradient; only the first one may", i - 1);
  }
  lua_call(L, push_call(L, n + 1, 2), 1);
  rm_tensor *y = bind_totensor(L, n + 2);
  if (!y) return bind_error(L, "checkpoint: the function returned a %s, expected one tensor", luaL_typename(L, n + 2));
  if (!y->node || y == x || !rm_grad_enabled()) return 1;
  lua_pushvalue(L, n + 1);
  checkpoint *c = (checkpoint *)bind_pushhook(L, sizeof *c, look);
  c->current = state->generators;
  memcpy(c->generators, before, sizeof before);
  lua_settop(L, n + 2); /* the hooks' table has it */
  rm_error err;
  if (replace(&bind_tovalue(L, n + 2)->tensor, x, c, &err) == RM_OK) return 1;
  c->base.rm.release(&c->base.rm);
  return bind_raise(L, &err);
}

void bind_open_checkpoint(lua_State *L) {
  static const luaL_Reg functions[] = {{"checkpoint", core_checkpoint}, {NULL, NULL}};
  bind_register(L, NULL, functions);
}
