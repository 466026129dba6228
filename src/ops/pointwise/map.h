/* map.h -- the engine under every elementwise operator: out[i] = kernel(in0[i], in1[i], ...).
 *
 * A kernel only knows n contiguous elements. The engine brings everything else into
 * that form: operands of one dense layout are one long run; other strides are
 * gathered block by block into a small buffer that stays in the first-level cache;
 * a broadcast element, or a plain number, is a buffer filled with it. So an operator
 * needs a single kernel, whatever is broadcast against what. */
#ifndef RM_OPS_POINTWISE_MAP_H
#define RM_OPS_POINTWISE_MAP_H

#include "core/tensor.h"

/* A kernel and the types it takes: inputs before the underscore, the output behind it
 * (f float32, i int64, b uint8 used as truth value, u uint8 used as a number). */
typedef enum {
  RM_MAP_F_F,
  RM_MAP_FF_F,
  RM_MAP_FFF_F,
  RM_MAP_FFFF_F,
  RM_MAP_II_I,
  RM_MAP_FF_B,
  RM_MAP_II_B,
  RM_MAP_BB_B,
  RM_MAP_BFF_F,
  RM_MAP_BII_I,
  RM_MAP_BUU_U
} rm_map_kind;

typedef struct {
  rm_map_kind kind;
  union {
    void (*f_f)(size_t, const float *, float *);
    void (*ff_f)(size_t, const float *, const float *, float *);
    void (*fff_f)(size_t, const float *, const float *, const float *, float *);
    void (*ffff_f)(size_t, const float *, const float *, const float *, const float *, float *);
    void (*ii_i)(size_t, const int64_t *, const int64_t *, int64_t *);
    void (*ff_b)(size_t, const float *, const float *, uint8_t *);
    void (*ii_b)(size_t, const int64_t *, const int64_t *, uint8_t *);
    void (*bb_b)(size_t, const uint8_t *, const uint8_t *, uint8_t *);
    void (*bff_f)(size_t, const uint8_t *, const float *, const float *, float *);
    void (*bii_i)(size_t, const uint8_t *, const int64_t *, const int64_t *, int64_t *);
    void (*buu_u)(size_t, const uint8_t *, const uint8_t *, const uint8_t *, uint8_t *);
  } fn;
} rm_map_kernel;

/* An operand: a tensor, or (tensor NULL) a number. `integer` is set where the number is
 * a whole one, so that int64 arithmetic stays exact. */
typedef struct {
  rm_tensor *tensor;
  double number;
  int64_t integer;
  bool whole;
} rm_operand;

static inline rm_operand rm_operand_tensor(rm_tensor *t) { return (rm_operand){.tensor = t}; }
static inline rm_operand rm_operand_number(double v) { return (rm_operand){.number = v}; }
static inline rm_operand rm_operand_integer(int64_t v) {
  return (rm_operand){.number = (double)v, .integer = v, .whole = true};
}

/* Writes into `out`; inputs are broadcast to its shape, which they must fit (at most
 * three of them tensors). An input may be `out` itself or have its layout, but must not
 * overlap it otherwise. Types must be the kernel's. Does not mark `out` as written. */
void rm_map(const rm_map_kernel *kernel, rm_tensor *out, size_t nin, const rm_operand in[]);

/* A new tensor of type dtype with kernel(in...), nothing recorded. The operands, one of them a tensor at
 * least, broadcast together; it takes the layout of the first that has the result's shape. */
rm_status rm_map_new(const char *op, const rm_map_kernel *kernel, size_t n, const rm_operand in[], rm_dtype dtype,
                     rm_tensor **y, rm_error *err);

#endif
