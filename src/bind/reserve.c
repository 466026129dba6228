/* reserve.c -- a finalizer is called even where there is no memory left.
 *
 * A tensor that nobody refers to any more is freed by the finalizer of its box. To call one, Lua 5.4 needs a record of
 * the call (CallInfo, ldo.c), and where there is no memory for that it drops the call with a warning and never makes it
 * again: what should be freed to get memory back is lost for good. So the records have a few slots of their own, which
 * are used only where the system gives none. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "bind/bind.h"

enum { SLOTS = 256, SLOT = 96 }; /* about as many calls as may be open in C (LUAI_MAXCCALLS, 200) */

static _Alignas(16) char slots[SLOTS][SLOT];
static atomic_bool taken[SLOTS];

static lua_Alloc before; /* the allocator that states had */

static bool is_slot(const void *block) {
  return block && (const char *)block >= slots[0] && (const char *)block < slots[SLOTS - 1] + SLOT;
}

static void *take_slot(void) {
  for (size_t i = 0; i < SLOTS; i++)
    if (!atomic_exchange(&taken[i], true)) return slots[i];
  return NULL;
}

static void give_slot(void *block) { atomic_store(&taken[((char *)block - slots[0]) / SLOT], false); }

static void *move_slot(void *ctx, void *block, size_t old_size, size_t new_size) {
  if (new_size > 0 && new_size <= SLOT) return block;
  void *moved = new_size > 0 ? before(ctx, NULL, 0, new_size) : NULL;
  if (moved) memcpy(moved, block, old_size);
  if (moved || new_size == 0) give_slot(block);
  return moved;
}

/* Lua gives the kind of a new object in old_size, and 0 for what is none, as are the records (lmem.h, luaM_new). */
static void *allocate(void *ctx, void *block, size_t old_size, size_t new_size) {
  if (is_slot(block)) return move_slot(ctx, block, old_size, new_size);
  void *moved = before(ctx, block, old_size, new_size);
  if (moved || block || new_size == 0 || new_size > SLOT || old_size != 0) return moved;
  return take_slot();
}

void bind_open_reserve(lua_State *L) {
  void *ctx;
  lua_Alloc now = lua_getallocf(L, &ctx);
  if (now == allocate || (before && now != before)) return; /* another state with an allocator of its own keeps it */
  before = now;
  lua_setallocf(L, allocate, ctx);
}
