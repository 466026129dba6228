/* batch.c -- see batch.h. */
#include "dist/batch.h"

#include "dist/collect.h"
#include "dist/exchange.h"

static bool shared, shares_norm = true;

bool rm_batch_share(bool on) {
  bool was = shared;
  shared = on && rm_world_size() > 1;
  return was;
}

bool rm_batch_shared(void) { return shared; }

bool rm_batch_share_norm(bool on) {
  bool was = shares_norm;
  shares_norm = on;
  return was;
}

bool rm_batch_shares_norm(void) { return shared && shares_norm; }

static size_t processes(void) { return shared ? (size_t)rm_world_size() : 1; }

size_t rm_batch_whole(size_t n) { return n * processes(); }

size_t rm_batch_groups_alone(size_t n) {
  size_t groups = 1;
  while (groups < RM_BATCH_GROUPS && n > 0 && n % (2 * groups) == 0) groups *= 2;
  return groups;
}

size_t rm_batch_groups(size_t n) {
  size_t all = rm_batch_groups_alone(rm_batch_whole(n));
  return all > processes() ? all / processes() : 1;
}

void rm_batch_add_up(size_t n, size_t groups, size_t stride, float *parts) {
  for (size_t step = 1; step < groups; step *= 2)
    for (size_t g = 0; g + step < groups; g += 2 * step) {
      float *restrict to = parts + g * stride;
      const float *restrict from = parts + (g + step) * stride;
      for (size_t i = 0; i < n; i++) to[i] += from[i];
    }
}

rm_status rm_batch_join(size_t n, size_t groups, double *parts, rm_error *err) {
  for (size_t step = 1; step < groups; step *= 2)
    for (size_t g = 0; g + step < groups; g += 2 * step)
      for (size_t i = 0; i < n; i++) parts[g * n + i] += parts[(g + step) * n + i];
  return shared ? rm_dist_all_reduce(parts, n, RM_REDUCE_DOUBLE, RM_REDUCE_SUM, err) : RM_OK;
}

rm_status rm_batch_mean(float *value, rm_error *err) {
  if (!shared) return RM_OK;
  RM_TRY(rm_dist_all_reduce(value, 1, RM_REDUCE_FLOAT, RM_REDUCE_SUM, err));
  *value /= (float)processes();
  return RM_OK;
}

void rm_batch_count_once(size_t n, float *x) {
  if (!shared || rm_world_rank() == 0) return;
  for (size_t i = 0; i < n; i++) x[i] = -0.0f;
}

rm_status rm_batch_gather(size_t n, const float *x, float **all, rm_error *err) {
  void *room;
  RM_TRY(rm_dist_all_gather_new(x, n * sizeof(float), &room, err));
  *all = room;
  return RM_OK;
}

void rm_batch_free(size_t n, float *all) {
  (void)n; /* the memory knows */
  rm_message_memory_release(all);
}
