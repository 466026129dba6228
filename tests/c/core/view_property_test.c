/* view_property_test.c -- chains of views against a twin that knows no strides.
 *
 * A chain begins with a small tensor and goes through up to seven random views: permutations, slices
 * with steps, expansions, new and dropped dimensions, reshapes. The twin holds, for every element of the
 * view in row-major order, which element of the first tensor it is, and follows each view by its
 * definition, index by index. Values are small whole numbers, so that every result is exact. A failure
 * prints the number of its case, which is its seed, and the chain. */
#include "support.h"
#include "leaks.h"

#include "core/copy.h"
#include "ops/pointwise/pointwise.h"
#include "ops/reduce/reduce.h"
#include "ops/views/views.h"

enum { CASES = 4000, LONGEST = 7, ROOM = 4096, MOST_DIMS = 6 };

typedef struct {
  size_t ndim, shape[RM_MAX_DIMS], numel;
  size_t origin[ROOM]; /* of each element: its place in the first tensor */
} twin;

typedef struct {
  rm_rng rng;
  rm_tensor *first, *x; /* x: the view of it */
  twin t;
  char text[500]; /* what was done */
} chain;

static size_t below(chain *c, size_t n) { return (size_t)rm_rng_below(&c->rng, n); }

static size_t product(size_t n, const size_t shape[]) {
  size_t numel = 1;
  for (size_t d = 0; d < n; d++) numel *= shape[d];
  return numel;
}

/* Coordinates of a row-major position, and back. */
static void coordinates(const twin *t, size_t position, size_t at[]) {
  for (size_t d = t->ndim; d-- > 0; position /= t->shape[d]) at[d] = position % t->shape[d];
}
static size_t position(size_t ndim, const size_t shape[], const size_t at[]) {
  size_t p = 0;
  for (size_t d = 0; d < ndim; d++) p = p * shape[d] + at[d];
  return p;
}

static double element(const rm_tensor *t, size_t place) {
  ptrdiff_t at = 0;
  for (size_t d = t->ndim; d-- > 0; place /= t->shape[d]) at += (ptrdiff_t)(place % t->shape[d]) * t->strides[d];
  switch (t->dtype) {
    case RM_FLOAT32: return rm_tensor_f32(t)[at];
    case RM_UINT8: return rm_tensor_u8(t)[at];
    default: return (double)rm_tensor_i64(t)[at];
  }
}

/* The value of element `place` of the first tensor: small, whole, and not periodic in any extent. */
static double value(size_t place) { return (double)(place * place % 11 + place % 3); }

static rm_tensor *numbered(rm_dtype dtype, size_t ndim, const size_t shape[]) {
  rm_tensor *t;
  OK(rm_tensor_new(dtype, ndim, shape, &t, &test_err));
  for (size_t i = 0; i < t->numel; i++) {
    if (dtype == RM_FLOAT32) rm_tensor_f32(t)[i] = (float)value(i);
    else if (dtype == RM_UINT8) rm_tensor_u8(t)[i] = (uint8_t)value(i);
    else rm_tensor_i64(t)[i] = (int64_t)value(i);
  }
  return t;
}

static void begin(chain *c, uint64_t seed, rm_dtype dtype) {
  c->rng = rm_rng_new(seed, 0);
  c->text[0] = '\0';
  c->t.ndim = below(c, 5);
  for (size_t d = 0; d < c->t.ndim; d++) c->t.shape[d] = below(c, 20) ? 1 + below(c, 5) : 0;
  c->t.numel = product(c->t.ndim, c->t.shape);
  for (size_t i = 0; i < c->t.numel; i++) c->t.origin[i] = i;
  c->first = numbered(dtype, c->t.ndim, c->t.shape);
  c->x = rm_tensor_retain(c->first);
}

static void end(chain *c) {
  rm_tensor_release(c->x);
  rm_tensor_release(c->first);
}

static void note(chain *c, const char *what) {
  size_t length = strlen(c->text);
  snprintf(c->text + length, sizeof c->text - length, " %s", what);
}

/* The view becomes y, the twin `next`. */
static void go_on(chain *c, rm_tensor *y, const twin *next, const char *what) {
  note(c, what);
  rm_tensor_release(c->x);
  c->x = y;
  c->t = *next;
}

/* --- the views -------------------------------------------------------------------------- */

static void permute(chain *c) {
  size_t order[RM_MAX_DIMS], n = c->t.ndim;
  for (size_t d = 0; d < n; d++) order[d] = d;
  for (size_t d = n; d > 1; d--) {
    size_t j = below(c, d), swap = order[d - 1];
    order[d - 1] = order[j];
    order[j] = swap;
  }
  static twin next;
  next = c->t;
  for (size_t d = 0; d < n; d++) next.shape[d] = c->t.shape[order[d]];
  for (size_t p = 0; p < next.numel; p++) {
    size_t to[RM_MAX_DIMS], from[RM_MAX_DIMS];
    coordinates(&next, p, to);
    for (size_t d = 0; d < n; d++) from[order[d]] = to[d];
    next.origin[p] = c->t.origin[position(n, c->t.shape, from)];
  }
  rm_tensor *y;
  OK(rm_permute(c->x, n, order, &y, &test_err));
  go_on(c, y, &next, "permute");
}

static void slice(chain *c) {
  rm_range ranges[RM_MAX_DIMS];
  size_t n = c->t.ndim;
  static twin next;
  next.ndim = 0;
  for (size_t d = 0; d < n; d++) {
    size_t extent = c->t.shape[d], start = extent ? below(c, extent) : 0, step = 1 + below(c, 3);
    bool drop = extent && !below(c, 5);
    size_t most = extent ? (extent - start + step - 1) / step : 0;
    ranges[d] = (rm_range){start, drop ? 1 : most - (most && !below(c, 3) ? below(c, most) : 0), step, drop};
    if (!drop) next.shape[next.ndim++] = ranges[d].length;
  }
  next.numel = product(next.ndim, next.shape);
  for (size_t p = 0; p < next.numel; p++) {
    size_t to[RM_MAX_DIMS], from[RM_MAX_DIMS], k = 0;
    coordinates(&next, p, to);
    for (size_t d = 0; d < n; d++) from[d] = ranges[d].start + (ranges[d].drop ? 0 : ranges[d].step * to[k++]);
    next.origin[p] = c->t.origin[position(n, c->t.shape, from)];
  }
  rm_tensor *y;
  OK(rm_slice(c->x, ranges, &y, &test_err));
  go_on(c, y, &next, "slice");
}

/* A dimension of extent 1 somewhere, and later maybe stretched. */
static void unsqueeze(chain *c) {
  if (c->t.ndim == MOST_DIMS) return;
  size_t dim = below(c, c->t.ndim + 1);
  static twin next;
  next = c->t;
  next.ndim++;
  for (size_t d = next.ndim; d-- > dim + 1;) next.shape[d] = next.shape[d - 1];
  next.shape[dim] = 1;
  rm_tensor *y;
  OK(rm_unsqueeze(c->x, dim, &y, &test_err));
  go_on(c, y, &next, "unsqueeze");
}

static void squeeze(chain *c) {
  static twin next;
  next = c->t;
  next.ndim = 0;
  for (size_t d = 0; d < c->t.ndim; d++)
    if (c->t.shape[d] != 1) next.shape[next.ndim++] = c->t.shape[d];
  rm_tensor *y;
  OK(rm_squeeze(c->x, NULL, &y, &test_err));
  go_on(c, y, &next, "squeeze");
}

static void expand(chain *c) {
  size_t front = c->t.ndim < MOST_DIMS ? below(c, 2) : 0;
  int64_t sizes[RM_MAX_DIMS];
  static twin next;
  next.ndim = c->t.ndim + front;
  for (size_t d = 0; d < next.ndim; d++) {
    size_t own = d < front ? 1 : c->t.shape[d - front];
    next.shape[d] = own == 1 ? 1 + below(c, 3) : own;
    sizes[d] = d >= front && below(c, 2) && next.shape[d] == own ? -1 : (int64_t)next.shape[d];
  }
  next.numel = product(next.ndim, next.shape);
  if (next.numel > ROOM) return;
  for (size_t p = 0; p < next.numel; p++) {
    size_t to[RM_MAX_DIMS];
    coordinates(&next, p, to);
    for (size_t d = 0; d < c->t.ndim; d++)
      if (c->t.shape[d] == 1) to[front + d] = 0;
    next.origin[p] = c->t.origin[position(c->t.ndim, c->t.shape, to + front)];
  }
  rm_tensor *y;
  OK(rm_expand(c->x, next.ndim, sizes, &y, &test_err));
  go_on(c, y, &next, "expand");
}

/* Row-major order stays, so the twin only gets another shape: some neighbors become one, or one extent two. */
static void reshape(chain *c) {
  static twin next;
  next = c->t;
  int64_t sizes[RM_MAX_DIMS];
  size_t d = next.ndim ? below(c, next.ndim) : 0;
  if (next.ndim > 1 && d + 1 < next.ndim && below(c, 2)) {
    next.shape[d] *= next.shape[d + 1];
    next.ndim--;
    for (size_t k = d + 1; k < next.ndim; k++) next.shape[k] = next.shape[k + 1];
  } else if (next.ndim && next.ndim < MOST_DIMS && next.shape[d] % 2 == 0 && next.shape[d]) {
    for (size_t k = next.ndim; k > d + 1; k--) next.shape[k] = next.shape[k - 1];
    next.shape[d + 1] = next.shape[d] / 2;
    next.shape[d] = 2;
    next.ndim++;
  }
  for (size_t k = 0; k < next.ndim; k++) sizes[k] = (int64_t)next.shape[k];
  if (next.ndim && next.numel && below(c, 2)) sizes[below(c, next.ndim)] = -1;
  rm_tensor *y;
  OK(rm_reshape(c->x, next.ndim, sizes, &y, &test_err));
  go_on(c, y, &next, "reshape");
}

static void grow(chain *c) {
  static void (*const views[])(chain *) = {permute, slice, unsqueeze, squeeze, expand, reshape};
  size_t length = below(c, LONGEST + 1);
  for (size_t i = 0; i < length; i++) views[below(c, sizeof views / sizeof *views)](c);
}

/* --- what must be so ---------------------------------------------------------------------- */

static void expect(const chain *c, const char *what, size_t seed, const rm_tensor *y, size_t p, double expected) {
  double got = element(y, p);
  char text[RM_SHAPE_TEXT];
  if (got != expected)
    fail_msg("case %zu,%s: %s of %s, element %zu: expected %g, got %g", seed, c->text, what, rm_tensor_text(c->x, text),
             p, expected, got);
}

static void shapes_agree(const chain *c, size_t seed) {
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  if (!rm_shape_equal(c->x->ndim, c->x->shape, c->t.ndim, c->t.shape) || c->x->numel != c->t.numel)
    fail_msg("case %zu,%s: shape %s, expected %s", seed, c->text, rm_tensor_text(c->x, a),
             rm_shape_text(c->t.ndim, c->t.shape, b));
}

static void every_element_is_where_the_twin_has_it(void **state) {
  (void)state;
  static chain c;
  for (size_t seed = 0; seed < CASES; seed++) {
    begin(&c, seed, (rm_dtype)(seed % 3));
    grow(&c);
    shapes_agree(&c, seed);
    for (size_t p = 0; p < c.t.numel; p++) expect(&c, "view", seed, c.x, p, value(c.t.origin[p]));
    end(&c);
  }
}

/* Copies of every kind, also to another type, and into a part of something larger, which is else left alone. */
static void copies_have_the_same_elements(void **state) {
  (void)state;
  static chain c, d;
  for (size_t seed = 0; seed < CASES; seed++) {
    begin(&c, seed, (rm_dtype)(seed % 3));
    grow(&c);
    rm_tensor *dense, *clone, *other;
    OK(rm_tensor_contiguous(c.x, &dense, &test_err));
    OK(rm_tensor_clone(c.x, &clone, &test_err));
    OK(rm_to(c.x, (rm_dtype)(seed / 3 % 3), &other, &test_err));
    assert_true(rm_tensor_is_contiguous(dense));
    for (size_t p = 0; p < c.t.numel; p++) {
      expect(&c, "contiguous", seed, dense, p, value(c.t.origin[p]));
      expect(&c, "clone", seed, clone, p, value(c.t.origin[p]));
      expect(&c, "conversion", seed, other, p, value(c.t.origin[p]));
    }
    rm_tensor_release(dense);
    rm_tensor_release(clone);
    rm_tensor_release(other);
    end(&c);

    begin(&d, seed + CASES, RM_FLOAT32); /* written through a view without positions that share memory */
    void (*const views[])(chain *) = {permute, slice, unsqueeze, squeeze};
    for (size_t i = 0; i < 3; i++) views[below(&d, 4)](&d);
    rm_tensor *source = numbered(RM_INT64, d.t.ndim, d.t.shape);
    OK(rm_tensor_copy(d.x, source, &test_err));
    double expected[ROOM];
    for (size_t i = 0; i < d.first->numel; i++) expected[i] = value(i);
    for (size_t p = 0; p < d.t.numel; p++) expected[d.t.origin[p]] = value(p);
    for (size_t i = 0; i < d.first->numel; i++) expect(&d, "what was written into", seed, d.first, i, expected[i]);
    rm_tensor_release(source);
    end(&d);
  }
}

static void sums_and_extremes_over_any_dimensions(void **state) {
  (void)state;
  static chain c;
  for (size_t seed = 0; seed < CASES; seed++) {
    begin(&c, seed, RM_FLOAT32);
    grow(&c);
    bool over[RM_MAX_DIMS];
    size_t kept = 0, shape[RM_MAX_DIMS];
    for (size_t d = 0; d < c.t.ndim; d++) {
      over[d] = below(&c, 2);
      if (!over[d]) shape[kept++] = c.t.shape[d];
    }
    size_t numel = product(kept, shape);
    static double sum[ROOM], largest[ROOM];
    for (size_t i = 0; i < numel; i++) sum[i] = 0, largest[i] = -1;
    for (size_t p = 0; p < c.t.numel; p++) {
      size_t at[RM_MAX_DIMS], to[RM_MAX_DIMS], k = 0;
      coordinates(&c.t, p, at);
      for (size_t d = 0; d < c.t.ndim; d++)
        if (!over[d]) to[k++] = at[d];
      size_t i = position(kept, shape, to);
      sum[i] += value(c.t.origin[p]);
      if (value(c.t.origin[p]) > largest[i]) largest[i] = value(c.t.origin[p]);
    }
    rm_tensor *y;
    OK(rm_sum(c.x, over, false, &y, &test_err));
    assert_true(rm_shape_equal(y->ndim, y->shape, kept, shape));
    for (size_t i = 0; i < numel; i++) expect(&c, "sum", seed, y, i, sum[i]);
    rm_tensor_release(y);
    if (c.t.numel) {
      OK(rm_extreme(c.x, true, over, false, &y, NULL, &test_err));
      for (size_t i = 0; i < numel; i++) expect(&c, "largest", seed, y, i, largest[i]);
      rm_tensor_release(y);
    }
    end(&c);
  }
}

/* x * x + y with y a view of x's shape, or of one that broadcasts to it; and in place. */
static void elementwise_results(void **state) {
  (void)state;
  static chain c;
  for (size_t seed = 0; seed < CASES; seed++) {
    begin(&c, seed, RM_FLOAT32);
    grow(&c);
    size_t front = c.t.ndim ? below(&c, c.t.ndim) : 0, shape[RM_MAX_DIMS], n = c.t.ndim - front;
    for (size_t d = 0; d < n; d++) shape[d] = below(&c, 3) ? c.t.shape[front + d] : 1;
    rm_tensor *y = numbered(RM_FLOAT32, n, shape), *square, *z, *turned;
    static double expected[ROOM];
    for (size_t p = 0; p < c.t.numel; p++) {
      size_t at[RM_MAX_DIMS];
      coordinates(&c.t, p, at);
      for (size_t d = 0; d < n; d++)
        if (shape[d] == 1) at[front + d] = 0;
      double x = value(c.t.origin[p]);
      expected[p] = x * x + value(position(n, shape, at + front));
    }
    OK(rm_mul(c.x, c.x, &square, &test_err));
    OK(rm_add(square, y, &z, &test_err));
    for (size_t p = 0; p < c.t.numel; p++) expect(&c, "x * x + y", seed, z, p, expected[p]);
    rm_tensor_release(z);
    OK(rm_tensor_contiguous(c.x, &turned, &test_err)); /* operands of different layouts */
    OK(rm_sub(square, turned, &z, &test_err));
    for (size_t p = 0; p < c.t.numel; p++) {
      double x = value(c.t.origin[p]);
      expect(&c, "x * x - x", seed, z, p, x * x - x);
    }
    OK(rm_binary_inplace(RM_MUL, square, rm_operand_tensor(c.x), &test_err));
    for (size_t p = 0; p < c.t.numel; p++) {
      double x = value(c.t.origin[p]);
      expect(&c, "x * x *= x", seed, square, p, x * x * x);
    }
    rm_tensor *made[] = {square, z, turned, y};
    for (size_t i = 0; i < 4; i++) rm_tensor_release(made[i]);
    end(&c);
  }
}

/* An element that a view shows k times gets the sum of k gradients; one that it leaves out gets 0. */
static void gradients_go_where_the_elements_came_from(void **state) {
  (void)state;
  static chain c;
  for (size_t seed = 0; seed < CASES; seed++) {
    begin(&c, seed, RM_FLOAT32);
    OK(rm_tensor_set_requires_grad(c.first, true, &test_err));
    grow(&c);
    if (c.x == c.first) { /* no view: nothing to go back through */
      end(&c);
      continue;
    }
    rm_tensor *dy = numbered(RM_FLOAT32, c.t.ndim, c.t.shape);
    static double expected[ROOM];
    for (size_t i = 0; i < c.first->numel; i++) expected[i] = 0;
    for (size_t p = 0; p < c.t.numel; p++) expected[c.t.origin[p]] += value(p);
    OK(rm_backward(c.x, dy, false, &test_err));
    assert_non_null(c.first->grad);
    for (size_t i = 0; i < c.first->numel; i++) expect(&c, "gradient", seed, c.first->grad, i, expected[i]);
    rm_tensor_release(dy);
    end(&c);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_element_is_where_the_twin_has_it),    cmocka_unit_test(copies_have_the_same_elements),
      cmocka_unit_test(sums_and_extremes_over_any_dimensions),     cmocka_unit_test(elementwise_results),
      cmocka_unit_test(gradients_go_where_the_elements_came_from), cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
