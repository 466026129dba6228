/* folder.c -- decoding on all threads; failures are kept per range and the first one counts. */
#include "data/folder.h"

#include <pthread.h>
#include <string.h>
#include "core/threads.h"
#include "data/image.h"
#include "data/resize.h"

typedef struct {
  const char *const *paths;
  rm_tensor *out;
  pthread_mutex_t mutex;
  size_t   failed;      /* the first file that failed; n: none */
  rm_error failure;
} load_job;

static rm_status load_one(const char *path, uint8_t *to, const size_t shape[3], rm_error *err) {
  rm_tensor *image, *scaled;
  RM_TRY(rm_image_load(path, shape[0], &image, err));
  rm_box box = rm_box_cover(image, shape[1], shape[2]);
  rm_status status = rm_image_resize(image, box, shape[1], shape[2], &scaled, err);
  rm_tensor_release(image);
  if (status != RM_OK) return status;
  memcpy(to, rm_tensor_u8(scaled), scaled->numel);
  rm_tensor_release(scaled);
  return RM_OK;
}

static void note_failure(load_job *job, size_t i, const rm_error *err) {
  pthread_mutex_lock(&job->mutex);
  if (i < job->failed) {
    job->failed = i;
    job->failure = *err;
  }
  pthread_mutex_unlock(&job->mutex);
}

static void load_range(void *ctx, size_t begin, size_t end) {
  load_job *job = ctx;
  const size_t *shape = job->out->shape + 1;
  size_t size = shape[0] * shape[1] * shape[2];
  for (size_t i = begin; i < end && !rm_broken(); i++) {
    rm_error err;
    if (load_one(job->paths[i], rm_tensor_u8(job->out) + i * size, shape, &err) == RM_OK) continue;
    note_failure(job, i, &err);
    return;
  }
}

rm_status rm_images_load(size_t n, const char *const paths[], size_t channels, size_t height,
                         size_t width, rm_tensor **out, rm_error *err) {
  const size_t shape[4] = {n, channels, height, width};
  load_job job = {.paths = paths, .mutex = PTHREAD_MUTEX_INITIALIZER, .failed = n};
  RM_TRY(rm_tensor_new(RM_UINT8, 4, shape, &job.out, err));
  rm_parallel(n, 2, load_range, &job);
  pthread_mutex_destroy(&job.mutex);
  rm_status status = RM_OK;
  if (job.failed < n) status = rm_fail(err, job.failure.code, "%s", job.failure.message);
  if (status != RM_OK) rm_tensor_release(job.out);
  else *out = job.out;
  return status;
}
