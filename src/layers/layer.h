/* layer.h -- an operator together with its parameters, buffers and mode.
 *
 * A layer is a struct that begins with rm_layer, made by a constructor below and handled from then
 * on through its type: what it is called, what it computes, what it was configured with.
 * Parameters are trained; buffers (running statistics) are saved and not trained; both have
 * PyTorch's names. A new layer is in training mode, its parameters drawn from `init`.
 *
 * Weights and biases of convolutions and linear layers begin uniform in +-1/sqrt(fan_in): PyTorch's
 * default, Kaiming-uniform with a = sqrt(5). */
#ifndef RM_LAYERS_LAYER_H
#define RM_LAYERS_LAYER_H

#include "core/rng.h"
#include "core/tensor.h"
#include "ops/conv/conv.h"
#include "ops/norm/norm.h"
#include "ops/pool/pool.h"

typedef struct rm_layer rm_layer;

/* A configuration value that can be asked for by name. */
typedef enum {
  RM_FIELD_SIZE,   /* size_t */
  RM_FIELD_PAIR,   /* size_t[2]: height, width */
  RM_FIELD_DIM,    /* ptrdiff_t: a dimension as users count, from 1, or from the end */
  RM_FIELD_NUMBER, /* double; NaN stands for none */
  RM_FIELD_BOOL,
  RM_FIELD_TEXT    /* const char *, static */
} rm_field_kind;
typedef struct {
  const char *name; /* NULL ends a list */
  rm_field_kind kind;
  size_t offset;    /* in the layer's own struct */
} rm_field;

typedef struct {
  const char *name; /* "Conv2d" */
  size_t bytes;     /* of the layer's struct */
  const rm_field *fields;
  /* Dropout draws from `rng`; the others do not look at it. */
  rm_status (*forward)(rm_layer *layer, rm_tensor *x, rm_rng *rng, rm_tensor **y, rm_error *err);
  /* Appends what stands in the parentheses of "Conv2d(3, 16, ...)"; NULL: nothing. */
  void (*describe)(const rm_layer *layer, char *text, size_t size);
} rm_layer_type;

typedef struct {
  const char *name;
  rm_tensor *tensor;
} rm_slot;

enum { RM_LAYER_PARAMETERS = 2, RM_LAYER_BUFFERS = 3 };
struct rm_layer {
  const rm_layer_type *type;
  bool training;
  size_t nparameters, nbuffers;
  rm_slot parameters[RM_LAYER_PARAMETERS];
  rm_slot buffers[RM_LAYER_BUFFERS];
};

void      rm_layer_free(rm_layer *layer); /* NULL is fine */
rm_status rm_layer_forward(rm_layer *layer, rm_tensor *x, rm_rng *rng, rm_tensor **y, rm_error *err);

/* The parameter or buffer of that name, or NULL. */
rm_slot *rm_layer_slot(rm_layer *layer, const char *name);
/* Puts another tensor into a slot: shape and type as before; a parameter must be a leaf, and is
 * made to require a gradient. */
rm_status rm_layer_replace(rm_layer *layer, rm_slot *slot, rm_tensor *tensor, rm_error *err);

/* Writes "Conv2d(3, 16, kernel_size=3, stride=1)". Returns text. */
enum { RM_LAYER_TEXT = 300 };
char *rm_layer_text(const rm_layer *layer, char text[RM_LAYER_TEXT]);

/* --- constructors -------------------------------------------------------------------------- */

rm_status rm_conv2d_layer(size_t in, size_t out, const size_t kernel[2], const rm_conv_options *options, bool bias,
                          rm_rng *init, rm_layer **layer, rm_error *err);
rm_status rm_linear_layer(size_t in, size_t out, bool bias, rm_rng *init, rm_layer **layer, rm_error *err);

typedef struct {
  double eps;
  double momentum;  /* NaN: the running statistics are the plain average of all batches */
  bool affine;      /* has weight and bias */
  bool track_running_stats;
} rm_batch_norm_config;
/* dims: 2 for images (BatchNorm2d), 1 for (N, C) (BatchNorm1d). */
rm_status rm_batch_norm_layer(size_t features, size_t dims, const rm_batch_norm_config *config, rm_layer **layer,
                              rm_error *err);

rm_status rm_max_pool_layer(const rm_pool_options *options, rm_layer **layer, rm_error *err);
rm_status rm_avg_pool_layer(const rm_pool_options *options, rm_layer **layer, rm_error *err);
rm_status rm_adaptive_avg_pool_layer(const size_t size[2], rm_layer **layer, rm_error *err);

typedef enum {
  RM_LAYER_RELU, RM_LAYER_LEAKY_RELU /* negative_slope */, RM_LAYER_ELU /* alpha */, RM_LAYER_SIGMOID,
  RM_LAYER_TANH, RM_LAYER_SILU, RM_LAYER_GELU /* 0 exact, 1 tanh */, RM_LAYER_MAXOUT /* pieces */,
  RM_LAYER_SOFTMAX /* dimension, from 1 or the end */, RM_LAYER_LOG_SOFTMAX
} rm_activation_kind;
rm_status rm_activation_layer(rm_activation_kind kind, double value, rm_layer **layer, rm_error *err);

rm_status rm_dropout_layer(double p, rm_layer **layer, rm_error *err);
/* Dimensions as users count them: 2, -1 keeps the first. */
rm_status rm_flatten_layer(ptrdiff_t start, ptrdiff_t end, rm_layer **layer, rm_error *err);
rm_status rm_identity_layer(rm_layer **layer, rm_error *err);

/* --- what a batch-norm layer would call ------------------------------------------------------ */

/* The arguments of rm_batch_norm for an x of this shape; counts the batch while training. False if the layer is no
 * batch norm: nothing is written then. The caller may go on in the two steps of ops/norm/norm.h. */
typedef struct {
  rm_tensor *weight, *bias, *running_mean, *running_var; /* borrowed */
  rm_batch_norm_options options;
} rm_batch_norm_call;
bool      rm_layer_is_batch_norm(const rm_layer *layer);
rm_status rm_batch_norm_begin(rm_layer *layer, size_t ndim, const size_t shape[], rm_batch_norm_call *call,
                              rm_error *err);

/* The arguments of rm_conv2d; the layer is a Conv2d. */
typedef struct {
  rm_tensor *weight, *bias; /* borrowed; bias may be NULL */
  rm_conv_options options;
} rm_conv2d_call;
bool           rm_layer_is_conv2d(const rm_layer *layer);
rm_conv2d_call rm_conv2d_begin(const rm_layer *layer);

bool rm_layer_is_relu(const rm_layer *layer);
bool rm_layer_is_identity(const rm_layer *layer);

/* --- for the layers' own files ----------------------------------------------------------------- */

rm_status rm_layer_new(const rm_layer_type *type, rm_layer **layer, rm_error *err);
/* Adds a slot with a fresh tensor, uninitialised; a parameter requires a gradient. */
rm_status rm_layer_add_parameter(rm_layer *layer, const char *name, size_t ndim, const size_t shape[],
                                 rm_error *err);
rm_status rm_layer_add_buffer(rm_layer *layer, const char *name, rm_dtype dtype, size_t ndim,
                              const size_t shape[], rm_error *err);
/* Fills all parameters uniformly in +-1/sqrt(fan_in). */
rm_status rm_layer_init_uniform(rm_layer *layer, size_t fan_in, rm_rng *init, rm_error *err);

/* printf at the end of text, cut at its size. */
void rm_text_add(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* "name=3" or "name={3, 5}", with ", " in front unless the text is empty. */
void rm_text_pair(char *text, size_t size, const char *name, const size_t pair[2]);

#endif
