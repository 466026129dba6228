/* look.h -- what the suites of values share: looking at one, and a write into what others may wait to read. */
#ifndef RM_TEST_LOOK_H
#define RM_TEST_LOOK_H

#include "support.h"
#include "lazy/value.h"
#include "ops/pointwise/pointwise.h"

static rm_tensor *see(rm_value *v) {
  rm_tensor *t;
  OK(rm_value_tensor(v, &t, &test_err));
  return t;
}

static void fill(rm_tensor *t, double value) {
  bool was = rm_grad_set(false);
  OK(rm_tensor_check_writable("fill", t, &test_err));
  OK(rm_add_scaled(RM_ADD, t, rm_operand_number(value), 1, &test_err));
  rm_grad_set(was);
}

#endif
