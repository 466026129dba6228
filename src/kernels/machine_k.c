/* machine_k.c -- what the processor can do at best, for the benchmark to compare with. */
#include "kernels/isa.h"
#include "kernels/machine.h"

/* Chains of multiply-adds that do not wait for each other: more than latency times units, and they
 * fit the registers of every set. */
enum { CHAINS = RM_MACHINE_CHAINS };

/* `rounds` of CHAINS vector multiply-adds, in registers alone. Each chain runs to add / (1 - times), so
 * with times = 0.5 nothing overflows or gets denormal. The sum is returned to be needed. */
float RM_ISA(multiply_adds)(size_t rounds, float times, float add) {
  rm_vec sum[CHAINS], x = rm_splat(times), y = rm_splat(add);
#pragma GCC unroll 16
  for (int i = 0; i < CHAINS; i++) sum[i] = rm_splat((float)i);
  for (size_t r = 0; r < rounds; r++)
#pragma GCC unroll 16
    for (int i = 0; i < CHAINS; i++) sum[i] = rm_fma(sum[i], x, y);
  float total = 0;
  for (int i = 0; i < CHAINS; i++) total += sum[i][0];
  return total;
}

/* y = a + times * b: three streams of memory. n is a multiple of 16, y aligned to 64 bytes. */
void RM_ISA(triad)(size_t n, const float *a, const float *b, float times, float *y) {
  rm_vec x = rm_splat(times);
  for (size_t i = 0; i < n; i += RM_VL) rm_stream(y + i, rm_fma(x, rm_load(b + i), rm_load(a + i)));
}

/* y = a: two streams. The same conditions. */
void RM_ISA(stream_copy)(size_t n, const float *a, float *y) {
  for (size_t i = 0; i < n; i += RM_VL) rm_stream(y + i, rm_load(a + i));
}
