/* image_batch.c -- the first image says what shape all have; the others follow on all threads. Of failures the first
 * one counts. */
#include "data/image_batch.h"

#include <pthread.h>
#include <string.h>
#include "parallel/interrupt.h"
#include "parallel/pool.h"
#include "data/image.h"

typedef struct {
  size_t n;
  const char *const *paths; /* or NULL, and images */
  rm_tensor *images;
  size_t channels;
  bool orient;
  const rm_transform *transform;
  rm_rng *const *rngs;
  rm_tensor *out;
  pthread_mutex_t mutex;
  size_t failed; /* the first image that failed; n: none */
  rm_error failure;
} batch_job;

static rm_status source_image(const batch_job *job, size_t i, rm_tensor **image, rm_error *err) {
  if (!job->images) return rm_image_load(job->paths[i], job->channels, job->orient, image, err);
  RM_TRY(rm_tensor_new(RM_UINT8, 3, job->images->shape + 1, image, err));
  size_t size = (*image)->numel;
  memcpy(rm_tensor_u8(*image), rm_tensor_u8(job->images) + i * size, size);
  return RM_OK;
}

static rm_status make(const batch_job *job, size_t i, rm_tensor **out, rm_error *err) {
  rm_tensor *image;
  RM_TRY(source_image(job, i, &image, err));
  rm_status status = rm_transform_apply(job->transform, image, job->rngs ? job->rngs[i] : NULL, out, err);
  rm_tensor_release(image);
  return status;
}

/* Image i, made, into its place. */
static rm_status place(const batch_job *job, size_t i, const rm_tensor *made, rm_error *err) {
  const size_t *all = job->out->shape + 1, *own = made->shape;
  size_t d = made->ndim;
  if (made->ndim + 1 != job->out->ndim || memcmp(all, own, d * sizeof *own) != 0)
    return rm_fail(err, RM_ERR_SHAPE, "the transform makes images of different sizes: %zux%zu and %zux%zu%s%s",
                   all[d - 2], all[d - 1], own[d - 2], own[d - 1], job->paths ? ", of " : "",
                   job->paths ? job->paths[i] : "");
  memcpy(rm_tensor_u8(job->out) + i * made->numel, rm_tensor_u8(made), made->numel);
  return RM_OK;
}

static void note_failure(batch_job *job, size_t i, const rm_error *err) {
  pthread_mutex_lock(&job->mutex);
  if (i < job->failed) {
    job->failed = i;
    job->failure = *err;
  }
  pthread_mutex_unlock(&job->mutex);
}

/* Images begin + 1 to end: the first one is there already. */
static void make_range(void *ctx, size_t begin, size_t end) {
  batch_job *job = ctx;
  for (size_t i = begin + 1; i < end + 1 && !rm_broken(); i++) {
    rm_error err;
    rm_tensor *made = NULL;
    rm_status status = make(job, i, &made, &err);
    if (status == RM_OK) status = place(job, i, made, &err);
    rm_tensor_release(made);
    if (status == RM_OK) continue;
    note_failure(job, i, &err);
    return;
  }
}

static rm_status run(batch_job *job, rm_tensor **out, rm_error *err) {
  rm_tensor *first;
  size_t shape[RM_MAX_DIMS] = {job->n};
  if (job->n == 0) return rm_fail(err, RM_ERR_VALUE, "batch: there are no images");
  RM_TRY(make(job, 0, &first, err));
  memcpy(shape + 1, first->shape, first->ndim * sizeof *shape);
  rm_status status = rm_tensor_new(RM_UINT8, first->ndim + 1, shape, &job->out, err);
  if (status == RM_OK) {
    memcpy(rm_tensor_u8(job->out), rm_tensor_u8(first), first->numel);
    rm_parallel(job->n - 1, 1, make_range, job);
    if (job->failed < job->n) {
      status = rm_fail(err, job->failure.code, "%s", job->failure.message);
      rm_tensor_release(job->out);
    } else {
      *out = job->out;
    }
  }
  rm_tensor_release(first);
  pthread_mutex_destroy(&job->mutex);
  return status;
}

rm_status rm_images_load(size_t n, const char *const paths[], size_t channels, bool orient,
                         const rm_transform *transform, rm_rng *const rngs[], rm_tensor **out, rm_error *err) {
  batch_job job = {.n = n,
                   .paths = paths,
                   .channels = channels,
                   .orient = orient,
                   .transform = transform,
                   .rngs = rngs,
                   .mutex = PTHREAD_MUTEX_INITIALIZER,
                   .failed = n};
  return run(&job, out, err);
}

rm_status rm_images_transform(rm_tensor *images, const rm_transform *transform, rm_rng *const rngs[], rm_tensor **out,
                              rm_error *err) {
  char text[RM_SHAPE_TEXT];
  if (images->dtype != RM_UINT8 || images->ndim != 4 || !rm_tensor_is_contiguous(images))
    return rm_fail(err, RM_ERR_SHAPE, "transform: images are %s %s, expected contiguous uint8 (N, C, H, W)",
                   rm_dtype_name(images->dtype), rm_tensor_text(images, text));
  batch_job job = {.n = images->shape[0],
                   .images = images,
                   .transform = transform,
                   .rngs = rngs,
                   .mutex = PTHREAD_MUTEX_INITIALIZER,
                   .failed = images->shape[0]};
  return run(&job, out, err);
}
