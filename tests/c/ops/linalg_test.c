/* linalg_test.c -- products against plain loops in double; bits with 1 and 2 threads. */
#include "support.h"
#include "isas.h"
#include "leaks.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/copy.h"
#include "ops/linalg/blas.h"
#include "ops/linalg/column_sums.h"
#include "ops/linalg/matmul.h"
#include "ops/linalg/product.h"

static void check_sgemm(bool ta, bool tb, size_t m, size_t n, size_t k) {
  rm_rng rng = rm_rng_new(1, 1);
  rm_tensor *a = test_normal(&rng, 2, (size_t[]){m, k}, 0, 1), *b = test_normal(&rng, 2, (size_t[]){k, n}, 0, 1);
  rm_tensor *c = test_normal(&rng, 2, (size_t[]){m, n}, 0, 1), *d;
  OK(rm_tensor_clone(c, &d, &test_err));
  float *pa = rm_tensor_f32(a), *pb = rm_tensor_f32(b), *pc = rm_tensor_f32(c);
  rm_sgemm_parallel(ta, tb, m, n, k, 0.5f, pa, ta ? m : k, pb, tb ? k : n, 2, pc, n);
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) {
      double sum = 0;
      for (size_t p = 0; p < k; p++)
        sum += (double)(ta ? pa[p * m + i] : pa[i * k + p]) * (tb ? pb[j * k + p] : pb[p * n + j]);
      assert_true(fabs(0.5 * sum + 2 * rm_tensor_f32(d)[i * n + j] - pc[i * n + j]) < 1e-4 * (1 + sqrt(k)));
    }
  rm_tensor_release(a);
  rm_tensor_release(b);
  rm_tensor_release(c);
  rm_tensor_release(d);
}

static void sgemm_is_right(void **state) {
  (void)state;
  for (int t = 0; t < 4; t++) {
    check_sgemm(t & 1, t & 2, 5, 7, 3);
    check_sgemm(t & 1, t & 2, 200, 70, 130);
    check_sgemm(t & 1, t & 2, 70, 300, 90);
    check_sgemm(t & 1, t & 2, 4, 4, 0);
  }
}

/* One chain of multiply-adds for each element: the twin of kernels/product_k.c, equal to the last bit where the
 * instruction set fuses. */
static void check_product(bool ta, bool tb, bool begun, size_t m, size_t n, size_t k) {
  rm_rng rng = rm_rng_new(1, 1);
  rm_tensor *a = test_normal(&rng, 2, (size_t[]){m, k}, 0, 1), *b = test_normal(&rng, 2, (size_t[]){k, n}, 0, 1);
  rm_tensor *c = test_normal(&rng, 2, (size_t[]){m, n + 3}, 0, 1), *d;
  OK(rm_tensor_clone(c, &d, &test_err));
  rm_matrix pa = {rm_tensor_f32(a), ta ? 1 : k, ta ? m : 1}, pb = {rm_tensor_f32(b), tb ? 1 : n, tb ? k : 1};
  OK(rm_product_parallel(m, n, k, pa, pb, begun ? rm_tensor_f32(d) : NULL, rm_tensor_f32(c), n + 3, &test_err));
  bool fused = rm_kernel_table()->fused;
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n + 3; j++) {
      float sum = j >= n ? rm_tensor_f32(d)[i * (n + 3) + j] : begun ? rm_tensor_f32(d)[j] : 0;
      for (size_t p = 0; j < n && p < k; p++)
        sum = fmaf(pa.data[i * pa.down + p * pa.across], pb.data[p * pb.down + j * pb.across], sum);
      float got = rm_tensor_f32(c)[i * (n + 3) + j];
      assert_true(fused || j >= n ? got == sum : fabsf(got - sum) < 1e-4f * (1 + sqrtf((float)k)));
    }
  rm_tensor_release(a);
  rm_tensor_release(b);
  rm_tensor_release(c);
  rm_tensor_release(d);
}

static void products_are_chains(void **state) {
  (void)state;
  for (size_t isa = 0; select_isa(isa); isa++)
    for (int t = 0; t < 8; t++) {
      check_product(t & 1, t & 2, t & 4, 5, 7, 3);
      check_product(t & 1, t & 2, t & 4, 1, 1, 1);
      check_product(t & 1, t & 2, t & 4, 70, 300, 90);
      check_product(t & 1, t & 2, t & 4, 300, 41, 270);
      check_product(t & 1, t & 2, t & 4, 16, 560, 530);
      check_product(t & 1, t & 2, t & 4, 9, 512, 33);
      check_product(t & 1, t & 2, t & 4, 4, 4, 0);
    }
}

/* y and the gradients of a @ b for one pair of shapes, in one array. */
static float *products(size_t na, const size_t *sa, size_t nb, const size_t *sb, size_t *count) {
  rm_rng rng = rm_rng_new(3, 1);
  rm_tensor *a = test_normal(&rng, na, sa, 0, 1), *b = test_normal(&rng, nb, sb, 0, 1), *y, *dy;
  OK(rm_tensor_set_requires_grad(a, true, &test_err));
  OK(rm_tensor_set_requires_grad(b, true, &test_err));
  OK(rm_matmul(a, b, &y, &test_err));
  dy = test_normal(&rng, y->ndim, y->shape, 0, 1);
  OK(rm_backward(y, dy, false, &test_err));
  *count = y->numel + a->numel + b->numel;
  float *all = malloc(*count * sizeof *all);
  assert_non_null(all);
  memcpy(all, rm_tensor_f32(y), y->numel * sizeof *all);
  memcpy(all + y->numel, rm_tensor_f32(a->grad), a->numel * sizeof *all);
  memcpy(all + y->numel + a->numel, rm_tensor_f32(b->grad), b->numel * sizeof *all);
  rm_tensor *tensors[] = {a, b, y, dy};
  for (int i = 0; i < 4; i++) rm_tensor_release(tensors[i]);
  return all;
}

static void threads_keep_the_bits(void **state) {
  (void)state;
  static const struct {
    size_t na, a[4], nb, b[4];
  } cases[] = {
      {2, {600, 300}, 2, {300, 550}},
      {3, {7, 90, 80}, 3, {7, 80, 70}},
      {3, {5, 60, 50}, 2, {50, 40}},
      {1, {900}, 2, {900, 800}},
      {1, {5}, 1, {5}},
      {4, {2, 1, 3, 4}, 3, {6, 4, 5}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    size_t n1, n2;
    OK(rm_set_num_threads(1, &test_err));
    float *one = products(cases[i].na, cases[i].a, cases[i].nb, cases[i].b, &n1);
    OK(rm_set_num_threads(2, &test_err));
    float *two = products(cases[i].na, cases[i].a, cases[i].nb, cases[i].b, &n2);
    assert_int_equal(n1, n2);
    assert_memory_equal(one, two, n1 * sizeof(float));
    free(one);
    free(two);
  }
}

/* Column j of rows r .. r + 127 is one chain of float additions; chunks of such blocks add up in double. */
static float naive_column_sum(size_t rows, size_t cols, const float *x, size_t j) {
  size_t chunk = ((rows + 63) / 64 + 127) / 128 * 128;
  double total = 0;
  for (size_t first = 0; first < rows; first += chunk) {
    double of_chunk = 0;
    for (size_t r = first; r < first + chunk && r < rows; r += 128) {
      float sum = 0;
      for (size_t i = r; i < r + 128 && i < first + chunk && i < rows; i++) sum += x[i * cols + j];
      of_chunk += sum;
    }
    total += of_chunk;
  }
  return (float)total;
}

/* The groups of 16 images, in the tree. */
static float naive_batch_sum(size_t rows, size_t cols, const float *x, size_t j) {
  float part[8];
  for (size_t g = 0; g < 8; g++) part[g] = naive_column_sum(2 * rows, cols, x + 2 * g * rows * cols, j);
  return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}

static void column_sums_are_right(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{2500, 7}, {600, 6}, {601, 16}, {130, 70}, {1, 33}, {40001, 3}, {3, 200}};
  static float sums[200];
  for (size_t isa = 0; select_isa(isa); isa++)
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
      rm_rng rng = rm_rng_new(5, i);
      size_t rows = shapes[i][0], cols = shapes[i][1];
      rm_tensor *x = test_normal(&rng, 2, (size_t[]){16 * rows, cols}, 0, 1);
      OK(rm_column_sums(rows, cols, rm_tensor_f32(x), sums, &test_err));
      for (size_t j = 0; j < cols; j++) assert_true(sums[j] == naive_column_sum(rows, cols, rm_tensor_f32(x), j));
      OK(rm_batch_sums(16, rows, cols, rm_tensor_f32(x), sums, &test_err));
      for (size_t j = 0; j < cols; j++) assert_true(sums[j] == naive_batch_sum(rows, cols, rm_tensor_f32(x), j));
      rm_tensor_release(x);
    }
}

/* Of small matrices OpenBLAS 0.3.21 uses a block of malloc without asking whether it got it. */
static void small_products_without_memory(void **state) {
  (void)state;
  enum { K = 81, ROWS = 90, COLS = 70 }; /* fewer than 10^6 multiplications */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  skip(); /* their own memory is beyond any limit */
#endif
  static float a[ROWS * K], b[K * COLS], c[ROWS * COLS];
  for (size_t i = 0; i < ROWS * K; i++) a[i] = i % K % 3 ? 1 : 2;
  for (size_t i = 0; i < K * COLS; i++) b[i] = 1;
  rm_sgemm(false, false, ROWS, COLS, K, 1, a, K, b, COLS, 0, c, COLS); /* what is made once is there */
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    memset(c, 0, sizeof c);
    setrlimit(RLIMIT_AS, &(struct rlimit){1 << 20, 1 << 20}); /* less than there is already: nothing more */
    for (size_t bytes = 1 << 16; bytes >= 16; bytes /= 2)
      for (void *volatile block = malloc(bytes); block;) block = malloc(bytes); /* volatile: none may be left out */
    rm_sgemm(false, false, ROWS, COLS, K, 1, a, K, b, COLS, 0, c, COLS);
    for (size_t i = 0; i < ROWS * COLS; i++)
      if (c[i] != K / 3 * 4) _exit(1);
    _exit(0);
  }
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sgemm_is_right),
      cmocka_unit_test(products_are_chains),
      cmocka_unit_test(threads_keep_the_bits),
      cmocka_unit_test(column_sums_are_right),
      cmocka_unit_test(small_products_without_memory),
      cmocka_unit_test(nothing_is_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
