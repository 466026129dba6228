/* blas.c -- OpenBLAS loaded on first use; blas.h says why. */
#include "ops/linalg/blas.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "base/number.h"
#include "kernels/kernels.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"

/* cblas.h's values; the header is not needed for them. */
enum { CBLAS_ROW_MAJOR = 101, CBLAS_NO_TRANS = 111, CBLAS_TRANS = 112 };

typedef void (*sgemm_fn)(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a, int lda,
                         const float *b, int ldb, float beta, float *c, int ldc);

static sgemm_fn library_sgemm; /* NULL: plain loops */
static void *(*take_buffer)(int);
static void (*give_buffer)(void *);
static const char *library_name = "plain loops";

/* --- loading ------------------------------------------------------------------------ */

enum { LOADING = 1 << 20 }; /* bytes that there must be for it */
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool loaded;

static bool memory_left(size_t bytes) {
  char *volatile block = malloc(bytes); /* volatile: a compiler may leave out what is freed at once */
  free(block);
  return block != NULL;
}

/* False: there is no memory now. libgfortran, which comes with it, ends the program then (its constructors). */
static bool load(void) {
  if (!memory_left(LOADING)) return false;
  static const char *const names[] = {"libopenblas.so.0", "libopenblas.so"};
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
  if (rm_kernel_openblas()) setenv("OPENBLAS_CORETYPE", rm_kernel_openblas(), 0);
  void *library = NULL;
  for (size_t i = 0; !library && i < 2; i++) library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    fprintf(stderr, "resmoon: OpenBLAS cannot be loaded (%s); matrix products will be slow\n", reason ? reason : "");
    return true;
  }
  library_sgemm = (sgemm_fn)dlsym(library, "cblas_sgemm");
  if (!library_sgemm) {
    fprintf(stderr, "resmoon: the library libopenblas.so.0 has no cblas_sgemm; matrix products will be slow\n");
    return true;
  }
  take_buffer = (void *(*)(int))dlsym(library, "blas_memory_alloc");
  give_buffer = (void (*)(void *))dlsym(library, "blas_memory_free");
  /* Another part of the process may have loaded it before, with all its threads. */
  void (*set_threads)(int) = (void (*)(int))dlsym(library, "openblas_set_num_threads");
  if (set_threads) set_threads(1);
  char *(*config)(void) = (char *(*)(void))dlsym(library, "openblas_get_config");
  library_name = config ? config() : "OpenBLAS";
  return true;
}

static void load_once(void) {
  if (atomic_load(&loaded)) return;
  pthread_mutex_lock(&loading);
  if (!atomic_load(&loaded)) atomic_store(&loaded, load());
  pthread_mutex_unlock(&loading);
}

const char *rm_blas_name(void) {
  load_once();
  return library_name;
}

/* --- the library's buffers ------------------------------------------------------- */

/* Every call at one time works in a buffer of its own (64 MiB of addresses in Debian 12, 128 in other builds), which
 * the library asks the system for at first use and keeps. Where the system has none left, OpenBLAS 0.3.21 asks again
 * without end. So buffers for all threads are taken beforehand, each when a block of the kind has just been had from
 * the system and given back. */
enum { BUFFER_BYTES = 160 << 20, MOST_BUFFERS = RM_MAX_THREADS };

static struct {
  pthread_mutex_t lock;
  atomic_size_t taken;   /* the library has so many */
  atomic_size_t refused; /* there was no memory for so many */
} buffers = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool addresses_left(void) {
  void *block = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) return false;
  munmap(block, BUFFER_BYTES);
  return true;
}

/* The lock is held. Buffers are held all at once, as calls at one time would. */
static void take_buffers(size_t threads) {
  void *held[MOST_BUFFERS];
  size_t n = 0, before = atomic_load(&buffers.taken);
  while (n < threads && (n < before || addresses_left())) {
    held[n] = take_buffer(0);
    if (!held[n]) break;
    n++;
  }
  for (size_t i = 0; i < n; i++) give_buffer(held[i]);
  if (n > before) atomic_store(&buffers.taken, n);
  if (n == threads) return;
  if (!atomic_load(&buffers.refused))
    fprintf(stderr, "resmoon: no memory for OpenBLAS's buffers (%zu of %d MiB); matrix products will be slow\n",
            threads, BUFFER_BYTES >> 20);
  atomic_store(&buffers.refused, threads);
}

/* Whether the library may be called by all threads at one time. */
static bool has_buffers(void) {
  if (!take_buffer || !give_buffer) return true; /* a build without these names: as it does it */
  size_t threads = rm_num_threads();
  if (threads > MOST_BUFFERS) return true;
  if (atomic_load(&buffers.taken) >= threads) return true;
  if (atomic_load(&buffers.refused) == threads) return false;
  pthread_mutex_lock(&buffers.lock);
  if (atomic_load(&buffers.taken) < threads) take_buffers(threads);
  pthread_mutex_unlock(&buffers.lock);
  return atomic_load(&buffers.taken) >= threads;
}

/* Of small matrices OpenBLAS 0.3.21 packs one in a block of malloc, and does not ask whether it got it (its small
 * kernels for SkylakeX): so a block that holds both is had and given back before. */
static bool has_room(size_t m, size_t n, size_t k) {
  static const double SMALL = 1e6; /* multiplications: what goes to these kernels */
  return (double)m * n * k > SMALL || memory_left((m + n + 64) * k * sizeof(float));
}

/* --- one thread's product -------------------------------------------------------- */

static void scale_row(size_t n, float beta, float *c) {
  for (size_t j = 0; j < n; j++) c[j] = beta == 0 ? 0 : beta * c[j];
}

static void plain_sgemm(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, float alpha, const float *a,
                        size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc) {
  size_t b_row = trans_b ? 1 : ldb, b_col = trans_b ? ldb : 1;
  for (size_t i = 0; i < m && !rm_broken(); i++) {
    float *row = c + i * ldc;
    scale_row(n, beta, row);
    for (size_t p = 0; p < k; p++) {
      float x = alpha * (trans_a ? a[p * lda + i] : a[i * lda + p]);
      for (size_t j = 0; j < n; j++) row[j] += x * b[p * b_row + j * b_col];
    }
  }
}

/* The largest product (multiplications) that is given to the library in one call: some 20 ms, so that
 * breakable work stops in time. */
static const double CALL = 1e9;

static size_t half(size_t extent) { return (extent / 2 + 63) / 64 * 64; }

void rm_sgemm(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda,
              const float *b, size_t ldb, float beta, float *c, size_t ldc) {
  if (m == 0 || n == 0 || rm_broken()) return;
  load_once();
  if ((double)m * n * k > CALL) { /* the longest extent in halves */
    size_t m1 = m, n1 = n, k1 = k;
    if (m >= n && m >= k) m1 = half(m);
    else if (n >= k) n1 = half(n);
    else k1 = half(k);
    rm_sgemm(trans_a, trans_b, m1, n1, k1, alpha, a, lda, b, ldb, beta, c, ldc);
    /* where the second half begins: 0 along the extents that are whole */
    size_t i = m1 % m, j = n1 % n, p = k1 % k;
    rm_sgemm(trans_a, trans_b, m - i, n - j, k - p, alpha, a + (trans_a ? p * lda + i : i * lda + p), lda,
             b + (trans_b ? j * ldb + p : p * ldb + j), ldb, p ? 1 : beta, c + i * ldc + j, ldc);
    return;
  }
  bool fits = m <= INT_MAX && n <= INT_MAX && k <= INT_MAX && lda <= INT_MAX && ldb <= INT_MAX && ldc <= INT_MAX;
  if (library_sgemm && fits && k > 0 && has_buffers() && has_room(m, n, k))
    library_sgemm(CBLAS_ROW_MAJOR, trans_a ? CBLAS_TRANS : CBLAS_NO_TRANS, trans_b ? CBLAS_TRANS : CBLAS_NO_TRANS,
                  (int)m, (int)n, (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
  else plain_sgemm(trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

/* --- the parallel product -------------------------------------------------------- */
typedef struct {
  bool trans_a, trans_b;
  size_t m, n, k, lda, ldb, ldc;
  size_t rows, cols, across; /* of a block; blocks from left to right */
  float alpha, beta;
  const float *a, *b;
  float *c;
} product;

static void product_blocks(void *ctx, size_t begin, size_t end) {
  const product *p = ctx;
  for (size_t block = begin; block < end && !rm_broken(); block++) {
    size_t i = block / p->across * p->rows, j = block % p->across * p->cols;
    rm_sgemm(p->trans_a, p->trans_b, rm_smaller(p->rows, p->m - i), rm_smaller(p->cols, p->n - j), p->k, p->alpha,
             p->a + (p->trans_a ? i : i * p->lda), p->lda, p->b + (p->trans_b ? j * p->ldb : j), p->ldb, p->beta,
             p->c + i * p->ldc + j, p->ldc);
  }
}

/* Blocks of an extent: at most 8, of at least 64 and in whole multiples of 16. */
static size_t block_extent(size_t extent) {
  size_t block = ((extent + 7) / 8 + 15) / 16 * 16;
  return block < 64 ? 64 : block;
}

void rm_sgemm_parallel(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, float alpha, const float *a,
                       size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc) {
  /* Below some 10^6 multiplications waking the threads costs more than they gain. The
   * longer extent is cut, both where both are long. */
  bool large = (double)m * n * k >= 1e6;
  size_t rows = large && (m >= n || m >= 512) ? block_extent(m) : m;
  size_t cols = large && (n > m || n >= 512) ? block_extent(n) : n;
  size_t down = rows ? (m + rows - 1) / rows : 0, across = cols ? (n + cols - 1) / cols : 0;
  product p = {trans_a, trans_b, m, n, k, lda, ldb, ldc, rows, cols, across, alpha, beta, a, b, c};
  rm_parallel(down * across, 1, product_blocks, &p);
}
