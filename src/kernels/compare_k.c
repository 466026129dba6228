/* compare_k.c -- comparisons and choices over n contiguous elements; truth is a byte, 0 or 1.
 *
 * Greater is less with the operands exchanged, so only four are needed. With NaN
 * everything is false but "not equal". */
#include "kernels/isa.h"

#define EACH(n) _Pragma("omp simd") for (size_t i = 0; i < (n); i++)

void RM_ISA(eq)(size_t n, const float *a, const float *b, uint8_t *y) { EACH(n) y[i] = a[i] == b[i]; }
void RM_ISA(ne)(size_t n, const float *a, const float *b, uint8_t *y) { EACH(n) y[i] = a[i] != b[i]; }
void RM_ISA(lt)(size_t n, const float *a, const float *b, uint8_t *y) { EACH(n) y[i] = a[i] < b[i]; }
void RM_ISA(le)(size_t n, const float *a, const float *b, uint8_t *y) { EACH(n) y[i] = a[i] <= b[i]; }

void RM_ISA(eq_i64)(size_t n, const int64_t *a, const int64_t *b, uint8_t *y) { EACH(n) y[i] = a[i] == b[i]; }
void RM_ISA(ne_i64)(size_t n, const int64_t *a, const int64_t *b, uint8_t *y) { EACH(n) y[i] = a[i] != b[i]; }
void RM_ISA(lt_i64)(size_t n, const int64_t *a, const int64_t *b, uint8_t *y) { EACH(n) y[i] = a[i] < b[i]; }
void RM_ISA(le_i64)(size_t n, const int64_t *a, const int64_t *b, uint8_t *y) { EACH(n) y[i] = a[i] <= b[i]; }

/* Any byte but 0 is true. */
void RM_ISA(logical_and)(size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y) {
  EACH(n) y[i] = (a[i] != 0) & (b[i] != 0);
}
void RM_ISA(logical_or)(size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y) { EACH(n) y[i] = (a[i] | b[i]) != 0; }
void RM_ISA(logical_xor)(size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y) {
  EACH(n) y[i] = (a[i] != 0) != (b[i] != 0);
}

void RM_ISA(select)(size_t n, const uint8_t *c, const float *a, const float *b, float *y) {
  EACH(n) y[i] = c[i] ? a[i] : b[i];
}
void RM_ISA(select_u8)(size_t n, const uint8_t *c, const uint8_t *a, const uint8_t *b, uint8_t *y) {
  EACH(n) y[i] = c[i] ? a[i] : b[i];
}
void RM_ISA(select_i64)(size_t n, const uint8_t *c, const int64_t *a, const int64_t *b, int64_t *y) {
  EACH(n) y[i] = c[i] ? a[i] : b[i];
}
