/* machine.c -- rm.machine: what this machine gives at best, measured; and which instruction sets it has. */
#include "bind/bind.h"
#include "measure/machine.h"

static const rm_kernels *check_isa(lua_State *L, int arg) {
  const char *isa = luaL_optstring(L, arg, rm_kernel_table()->isa);
  const rm_kernels *kernels = rm_kernel_find(isa);
  if (!kernels) bind_error(L, "machine: the instruction set '%s' is not available here", isa);
  return kernels;
}

static double check_seconds(lua_State *L, int arg) {
  double seconds = luaL_optnumber(L, arg, 0.1);
  if (!(seconds >= 0 && seconds <= 60)) bind_error(L, "machine: expected 0 to 60 seconds, got %g", seconds);
  return seconds;
}

/* How fast the processor multiplies and adds, at most: measured in registers, with the threads in use.
 * Call: rm.machine.flops(isa = rm.isa(), seconds = 0.1) -> number
 * Units: operations per second; a multiply-add counts as two.
 * Errors: raises for an instruction set there are no kernels for, or more than 60 seconds.
 * Example:
 *   > rm.machine.flops(nil, 0.01) > 1e6
 *   true */
static int machine_flops(lua_State *L) {
  const rm_kernels *kernels = check_isa(L, 1);
  lua_pushnumber(L, rm_machine_flops(kernels, check_seconds(L, 2)));
  return 1;
}

/* How fast memory is, at most: of a copy, and of y = a + s * b.
 * Call: rm.machine.bandwidth(bytes = 128 MiB, seconds = 0.2) -> copy, triad
 * Units: bytes per second.
 * Errors: raises for more than 60 seconds, or memory that is not there.
 * Example:
 *   > copy, triad = rm.machine.bandwidth(1 << 20, 0.01)
 *   > copy > 1e6, triad > 1e6
 *   true  true */
static int machine_bandwidth(lua_State *L) {
  lua_Integer bytes = luaL_optinteger(L, 1, (lua_Integer)128 << 20);
  if (bytes < 0) return bind_error(L, "machine: expected a size in bytes, got %lld", (long long)bytes);
  rm_bandwidth measured;
  rm_error err;
  if (rm_machine_bandwidth(rm_kernel_table(), (size_t)bytes, check_seconds(L, 2), &measured, &err) != RM_OK)
    return bind_raise(L, &err);
  lua_pushnumber(L, measured.copy);
  lua_pushnumber(L, measured.triad);
  return 2;
}

/* The instruction sets that there are kernels for and the processor has, from the narrowest to the widest.
 * Call: rm.machine.isas() -> list of strings
 * Errors: none.
 * Example:
 *   > rm.machine.isas()[1]
 *   baseline */
static int machine_isas(lua_State *L) {
  const rm_kernels *kernels;
  bind_newtable(L, 0, 0);
  for (size_t i = 0; (kernels = rm_kernel_at(i)); i++) {
    lua_pushstring(L, kernels->isa);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* What oneDNN calls an instruction set of ours: its ONEDNN_MAX_CPU_ISA, to hold PyTorch to the same.
 * Call: rm.machine.onednn_isa(isa = rm.isa()) -> string
 * Errors: raises for an instruction set there are no kernels for.
 * Example:
 *   > rm.machine.onednn_isa("baseline")
 *   SSE41 */
static int machine_onednn_isa(lua_State *L) {
  lua_pushstring(L, rm_kernel_onednn(check_isa(L, 1)));
  return 1;
}

/* Whether an instruction set keeps the promise of equal bits: same version, seed, data and settings give the same
 * weights with each of these sets, on any machine, with any number of threads. Those that fuse multiply-adds do.
 * Call: rm.machine.same_bits(isa = rm.isa()) -> boolean
 * Errors: raises for an instruction set there are no kernels for.
 * Example:
 *   > rm.machine.same_bits "baseline"
 *   false */
static int machine_same_bits(lua_State *L) {
  lua_pushboolean(L, check_isa(L, 1)->fused);
  return 1;
}

void bind_open_machine(lua_State *L) {
  static const luaL_Reg functions[] = {{"flops", machine_flops},         {"bandwidth", machine_bandwidth},
                                       {"isas", machine_isas},           {"onednn_isa", machine_onednn_isa},
                                       {"same_bits", machine_same_bits}, {NULL, NULL}};
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "machine");
}
