/* fill.c -- filling and progressions. */
#include "ops/pointwise/fill.h"

#include <math.h>
#include <string.h>
#include "core/iterate.h"

rm_element rm_element_of(double value, rm_dtype dtype) {
  rm_element e = {.i64 = 0};
  if (dtype == RM_FLOAT32) e.f32 = (float)value;
  else if (value != value) return e;
  else if (dtype == RM_UINT8) e.u8 = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
  else if (value < -0x1p63) e.i64 = INT64_MIN;
  else e.i64 = value >= 0x1p63 ? INT64_MAX : (int64_t)value;
  return e;
}

typedef struct {
  rm_element value;
  size_t size;
} filling;

static void fill_run(void *ctx, size_t n, char *const data[], const ptrdiff_t strides[]) {
  const filling *f = ctx;
  ptrdiff_t step = strides[0];
  if (f->size == 4)
    for (size_t i = 0; i < n; i++) ((float *)data[0])[(ptrdiff_t)i * step] = f->value.f32;
  else if (f->size == 1)
    for (size_t i = 0; i < n; i++) ((uint8_t *)data[0])[(ptrdiff_t)i * step] = f->value.u8;
  else
    for (size_t i = 0; i < n; i++) ((int64_t *)data[0])[(ptrdiff_t)i * step] = f->value.i64;
}

void rm_fill(rm_tensor *t, rm_element value) {
  rm_iter it;
  filling f = {value, rm_dtype_size(t->dtype)};
  rm_iter_init(&it, 1, (const rm_tensor *const[]){t});
  rm_iter_run(&it, fill_run, &f);
  rm_tensor_mark_written(t);
}

/* Whole steps from first to last; a hair is added, so that 0, 0.1, ..., 1 has its last. */
rm_status rm_arange_count(double first, double last, double step, size_t *count, rm_error *err) {
  if (step == 0 || !isfinite(step) || !isfinite(first) || !isfinite(last))
    return rm_fail(err, RM_ERR_VALUE, "arange: first %g, last %g, step %g: all must be finite and step not 0", first,
                   last, step);
  double steps = floor((last - first) / step + 1e-9);
  if (steps > 1e15) return rm_fail(err, RM_ERR_VALUE, "arange: %g elements are too many", steps + 1);
  *count = steps < 0 ? 0 : (size_t)steps + 1;
  return RM_OK;
}

static void store(rm_tensor *t, size_t i, double value) {
  rm_element e = rm_element_of(value, t->dtype);
  if (t->dtype == RM_FLOAT32) rm_tensor_f32(t)[i] = e.f32;
  else if (t->dtype == RM_INT64) rm_tensor_i64(t)[i] = e.i64;
  else rm_tensor_u8(t)[i] = e.u8;
}

rm_status rm_arange(double first, double step, size_t count, rm_dtype dtype, rm_tensor **y, rm_error *err) {
  rm_tensor *t;
  RM_TRY(rm_tensor_new(dtype, 1, &count, &t, err));
  for (size_t i = 0; i < count; i++) store(t, i, first + (double)i * step);
  *y = t;
  return RM_OK;
}

/* Each half from its own end, so that both ends are exact and the numbers symmetric. */
rm_status rm_linspace(double first, double last, size_t count, rm_dtype dtype, rm_tensor **y, rm_error *err) {
  rm_tensor *t;
  RM_TRY(rm_tensor_new(dtype, 1, &count, &t, err));
  double step = count > 1 ? (last - first) / (double)(count - 1) : 0;
  for (size_t i = 0; i < count; i++) {
    bool front = i < count / 2 || count == 1;
    store(t, i, front ? first + (double)i * step : last - (double)(count - 1 - i) * step);
  }
  *y = t;
  return RM_OK;
}

rm_status rm_eye(size_t rows, size_t columns, rm_dtype dtype, rm_tensor **y, rm_error *err) {
  size_t shape[2] = {rows, columns}, size = rm_dtype_size(dtype);
  rm_element one = rm_element_of(1, dtype);
  rm_tensor *t;
  RM_TRY(rm_tensor_zeros(dtype, 2, shape, &t, err));
  for (size_t i = 0; i < rows && i < columns; i++)
    memcpy((char *)rm_tensor_data(t) + i * (columns + 1) * size, &one, size);
  *y = t;
  return RM_OK;
}
