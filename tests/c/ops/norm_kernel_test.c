/* norm_kernel_test.c -- the kernels of batch norm against loops in double, in every way that they can be called: with
 * and without a shortcut and relu, the mask from the output, from bits or computed again, a gradient in two parts,
 * columns that fill whole words or not, and results that go past the caches. */
#include "leaks.h"
#include "support.h"

enum { ROWS = 7, MOST_COLUMNS = 48, FLOATS = ROWS * MOST_COLUMNS, WORDS = FLOATS / 16 };
static const size_t columns[] = {48, 37, 5};

typedef struct {
  _Alignas(64) float x[FLOATS], add[FLOATS], dy[FLOATS], more[FLOATS], y[FLOATS], out[FLOATS], kept[FLOATS];
  _Alignas(64) float mean[MOST_COLUMNS], scale[MOST_COLUMNS], shift[MOST_COLUMNS], slope[MOST_COLUMNS],
      offset[MOST_COLUMNS], sum[MOST_COLUMNS], dot[MOST_COLUMNS];
  uint16_t words[WORDS];
} problem;
static problem p;

static void fill(rm_rng *rng, float *to, size_t n) {
  rm_tensor *t = test_normal(rng, 1, &n, 0.2f, 1);
  memcpy(to, rm_tensor_f32(t), n * sizeof *to);
  rm_tensor_release(t);
}

static void begin(void) {
  rm_rng rng = rm_rng_new(11, 0);
  float *large[] = {p.x, p.add, p.dy, p.more};
  for (size_t i = 0; i < 4; i++) fill(&rng, large[i], FLOATS);
  float *small[] = {p.mean, p.scale, p.shift, p.slope, p.offset};
  for (size_t i = 0; i < 5; i++) fill(&rng, small[i], MOST_COLUMNS);
}

static void expect(const char *what, size_t c, size_t at, double expected, float found) {
  if (!(fabs(expected - found) <= 1e-5 * (1 + fabs(expected))))
    fail_msg("%s of %zu columns, %zu: expected %g, got %g (%s)", what, c, at, expected, found, rm_kernel_table()->isa);
}

/* The value in front of relu. */
static double normal(size_t c, size_t i, bool add) {
  size_t j = i % c;
  return ((double)p.x[i] - p.mean[j]) * p.scale[j] + p.shift[j] + (add ? p.add[i] : 0);
}

static void forward_of(size_t c, bool add, bool relu, bool words) {
  const rm_kernels *k = rm_kernel_table();
  for (int stream = 0; stream <= (c % 16 == 0); stream++) {
    memset(p.y, 0xff, sizeof p.y);
    memset(p.words, 0, sizeof p.words);
    k->norm_forward(ROWS, c, p.x, p.mean, p.scale, p.shift, add ? p.add : NULL, relu, p.y, stream,
                    words ? p.words : NULL);
    for (size_t i = 0; i < ROWS * c; i++) {
      double y = normal(c, i, add);
      expect("output", c, i, relu && y < 0 ? 0 : y, p.y[i]);
      if (words && fabs(y) > 1e-5) assert_int_equal(p.words[i / 16] >> i % 16 & 1, y > 0);
    }
  }
}

static void forward(void) {
  for (size_t n = 0; n < 3; n++)
    for (int how = 0; how < 8; how++)
      if (!(how & 4) || ((how & 3) == 3 && columns[n] % 16 == 0)) /* bits are of relu behind a shortcut */
        forward_of(columns[n], how & 1, how & 2, how & 4);
}

/* Rows in the caches: more of them than are gone through at a time, columns of every kind of end, NaN and both zeros. */
static void relu_of_rows(void) {
  enum { MANY = 700 };
  static const size_t widths[] = {1, 5, 16, 20, 37, 48, 300};
  static float x[MANY * 300], expected[MANY * 300], y[MANY * 300], mean[300], scale[300], shift[300];
  rm_rng rng = rm_rng_new(12, 0);
  float *small[] = {mean, scale, shift};
  for (size_t i = 0; i < 3; i++) fill(&rng, small[i], 300);
  fill(&rng, x, MANY * 300);
  const rm_kernels *k = rm_kernel_table();
  for (size_t n = 0; n < sizeof widths / sizeof *widths; n++) {
    size_t c = widths[n];
    x[3 * c] = NAN;
    x[4 * c] = mean[0];
    memset(y, 0xff, sizeof y);
    memset(expected, 0xff, sizeof expected);
    k->norm_forward(MANY, c, x, mean, scale, shift, NULL, true, expected, false, NULL);
    k->norm_relu(MANY, c, x, mean, scale, shift, y);
    assert_memory_equal(y, expected, sizeof y); /* and nothing behind the last row */
    assert_true(isnan(y[3 * c]));
  }
}

enum { NO_RELU, FROM_X, FROM_Y, FROM_WORDS };

static void backward_of(size_t c, int how, bool two, bool keep) {
  const rm_kernels *k = rm_kernel_table();
  const float *y = how == FROM_Y ? p.y : NULL;
  bool add = how == FROM_WORDS;
  uint16_t *words = add ? p.words : NULL;
  k->norm_forward(ROWS, c, p.x, p.mean, p.scale, p.shift, add ? p.add : NULL, how != NO_RELU, p.y, false, words);
  k->norm_sums(ROWS, c, p.x, y, words, p.dy, two ? p.more : NULL, p.mean, p.scale, p.shift, how != NO_RELU, p.sum,
               p.dot, keep ? p.kept : NULL);
  double sum[MOST_COLUMNS] = {0}, dot[MOST_COLUMNS] = {0};
  for (size_t i = 0; i < ROWS * c; i++) {
    size_t j = i % c;
    double g = (double)p.dy[i] + (two ? p.more[i] : 0);
    if (how != NO_RELU && normal(c, i, add) <= 0) g = 0;
    sum[j] += g;
    dot[j] += g * (p.x[i] - p.mean[j]);
    if (keep) expect("gradient in front of relu", c, i, g, p.kept[i]);
  }
  for (size_t j = 0; j < c; j++) expect("sum", c, j, sum[j], p.sum[j]), expect("dot", c, j, dot[j], p.dot[j]);
  for (int stream = 0; stream <= (c % 16 == 0); stream++) {
    memset(p.out, 0xff, sizeof p.out);
    k->norm_backward(ROWS, c, p.x, y, words, p.dy, p.mean, p.scale, p.shift, how != NO_RELU, p.slope, p.offset, p.out,
                     stream);
    for (size_t i = 0; i < ROWS * c; i++) {
      size_t j = i % c;
      double g = how != NO_RELU && normal(c, i, add) <= 0 ? 0 : p.dy[i];
      expect("input gradient", c, i, g * p.scale[j] + ((double)p.x[i] - p.mean[j]) * p.slope[j] + p.offset[j],
             p.out[i]);
    }
  }
}

static void backward(void) {
  for (size_t n = 0; n < 3; n++)
    for (int how = NO_RELU; how <= FROM_WORDS; how++)
      for (int parts = 0; parts < 4; parts++)
        if ((how != FROM_WORDS || columns[n] % 16 == 0) && (parts != 2)) /* a second part comes with a place for both */
          if (!(parts == 1 && (how == NO_RELU || how == FROM_X)))        /* which these do not write for one */
            backward_of(columns[n], how, parts & 2, parts & 1);
}

static void against_naive(void **state) {
  (void)state;
  begin();
  test_each_isa(forward);
  test_each_isa(relu_of_rows);
  test_each_isa(backward);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(against_naive), cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests_name("batch norm kernels", tests, NULL, NULL);
}
