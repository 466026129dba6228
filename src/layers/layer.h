/* layer.h -- an operator together with its parameters, buffers and mode.
 *
 * A layer is a struct that begins with rm_layer, made by a constructor below and handled from then
 * on through its type: what it is called, what it computes, what tensors it has and what it was configured
 * with. Parameters are trained; buffers (running statistics) are saved and not trained; both have
 * PyTorch's names. A new layer is in training mode, its parameters drawn from `init`.
 *
 * To add one: a file here with its struct, its type and its constructor; the constructor and a row of
 * RM_LAYER_TYPES below; in bind/layer_new.c what users call, with its docstring.
 *
 * Weights and biases of convolutions and linear layers begin uniform in +-1/sqrt(fan_in): PyTorch's
 * default, Kaiming-uniform with a = sqrt(5). */
#ifndef RM_LAYERS_LAYER_H
#define RM_LAYERS_LAYER_H

#include "core/rng.h"
#include "core/tensor.h"
#include "lazy/value.h"
#include "ops/conv/conv.h"
#include "ops/pool/pool.h"

typedef struct rm_layer rm_layer;

/* A configuration value that can be asked for by name. */
typedef enum {
  RM_FIELD_SIZE,    /* size_t */
  RM_FIELD_PAIR,    /* size_t[2]: height, width */
  RM_FIELD_PADDING, /* rm_conv_options, of which the padding is asked for: a pair, or "same" */
  RM_FIELD_DIM,     /* ptrdiff_t: a dimension as users count, from 1, or from the end */
  RM_FIELD_NUMBER,  /* double, finite, as the next three */
  RM_FIELD_NOT_NEGATIVE,
  RM_FIELD_PROBABILITY,
  RM_FIELD_SHARE_OR_NONE, /* 0 to 1; NaN stands for none */
  RM_FIELD_BOOL,
  RM_FIELD_TEXT /* const char *, static */
} rm_field_kind;
typedef struct {
  const char *name; /* NULL ends a list */
  rm_field_kind kind;
  size_t offset; /* in the layer's own struct */
} rm_field;

/* A tensor that layers of a type have. */
typedef enum { RM_PARAMETER, RM_BUFFER } rm_slot_role;
typedef struct {
  const char *name; /* NULL ends a list */
  rm_slot_role role;
  rm_dtype dtype;
  bool may_be_absent; /* some configurations do without: asked for, it is then none, not an error */
} rm_slot_kind;

typedef struct {
  const char *name;          /* "Conv2d" */
  const char *op;            /* what the tape and the profiler call it, where types share that; else NULL */
  size_t bytes;              /* of the layer's struct */
  const rm_slot_kind *slots; /* NULL: none */
  const rm_field *fields;    /* NULL: none */
  /* y is empty. Dropout draws from `rng`; the others do not look at it. NULL: y is x itself. */
  rm_status (*forward)(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err);
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

void rm_layer_free(rm_layer *layer); /* NULL is fine */
/* A layer of the same type, settings and mode, which shares the tensors. */
rm_status rm_layer_copy(const rm_layer *layer, rm_layer **copy, rm_error *err);
/* y is empty; what it becomes may be waiting (lazy/value.h). On failure the layer is as it was. */
rm_status rm_layer_forward(rm_layer *layer, rm_value *x, rm_rng *rng, rm_value *y, rm_error *err);
/* The fields of the layer's type, to the one whose name is NULL. */
const rm_field *rm_layer_fields(const rm_layer *layer);
/* Whether the field holds a number. */
bool rm_field_is_number(const rm_field *field);
/* Puts a number into such a field; NaN where it may be none. On failure, where it cannot be that number, it is as it
 * was. */
rm_status rm_layer_set_number(rm_layer *layer, const rm_field *field, double value, rm_error *err);
/* Fails where a number of the layer is one that rm_layer_set_number would refuse: for those who make one. */
rm_status rm_layer_check_numbers(const rm_layer *layer, rm_error *err);
/* As that; on failure *layer is freed, and NULL. */
rm_status rm_layer_checked(rm_layer **layer, rm_error *err);

/* The parameter or buffer of that name, or NULL. */
rm_slot *rm_layer_slot(rm_layer *layer, const char *name);
/* Whether some layer does without a tensor of that name, so that any may be asked for it. */
bool rm_slot_may_be_absent(const char *name);
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
  double momentum; /* NaN: the running statistics are the plain average of all batches */
  bool affine;     /* has weight and bias */
  bool track_running_stats;
} rm_batch_norm_config;
/* dims: 2 for images (BatchNorm2d), 1 for (N, C) and (N, C, L) (BatchNorm1d). */
rm_status rm_batch_norm_layer(size_t features, size_t dims, const rm_batch_norm_config *config, rm_layer **layer,
                              rm_error *err);

rm_status rm_max_pool_layer(const rm_pool_options *options, rm_layer **layer, rm_error *err);
rm_status rm_avg_pool_layer(const rm_pool_options *options, rm_layer **layer, rm_error *err);
rm_status rm_adaptive_avg_pool_layer(const size_t size[2], rm_layer **layer, rm_error *err);

rm_status rm_relu_layer(rm_layer **layer, rm_error *err);
rm_status rm_sigmoid_layer(rm_layer **layer, rm_error *err);
rm_status rm_tanh_layer(rm_layer **layer, rm_error *err);
rm_status rm_silu_layer(rm_layer **layer, rm_error *err);
rm_status rm_leaky_relu_layer(double negative_slope, rm_layer **layer, rm_error *err);
rm_status rm_elu_layer(double alpha, rm_layer **layer, rm_error *err);
typedef enum { RM_GELU_NONE, RM_GELU_BY_TANH } rm_gelu_form; /* exact, or its approximation */
rm_status rm_gelu_layer(rm_gelu_form form, rm_layer **layer, rm_error *err);
rm_status rm_maxout_layer(size_t pieces, rm_layer **layer, rm_error *err);
/* Dimensions as users count them: from 1, or from the end. */
rm_status rm_softmax_layer(ptrdiff_t dim, rm_layer **layer, rm_error *err);
rm_status rm_log_softmax_layer(ptrdiff_t dim, rm_layer **layer, rm_error *err);

rm_status rm_dropout_layer(double p, rm_layer **layer, rm_error *err);
/* Dimensions as users count them: 2, -1 keeps the first. */
rm_status rm_flatten_layer(ptrdiff_t start, ptrdiff_t end, rm_layer **layer, rm_error *err);
rm_status rm_identity_layer(rm_layer **layer, rm_error *err);

/* --- all types ------------------------------------------------------------------------------- */

/* X(name): rm_name_type (clang-format would never come to rest in this list) */
/* clang-format off */
#define RM_LAYER_TYPES(X) \
  X(conv2d) X(linear) X(batch_norm_1d) X(batch_norm_2d) X(max_pool) X(avg_pool) X(adaptive_avg_pool) X(relu) \
  X(leaky_relu) X(elu) X(sigmoid) X(tanh) X(silu) X(gelu) X(maxout) X(softmax) X(log_softmax) X(dropout) X(flatten) \
  X(identity)
/* clang-format on */
#define RM_DECLARE(name) extern const rm_layer_type rm_##name##_type;
RM_LAYER_TYPES(RM_DECLARE)
#undef RM_DECLARE
extern const rm_layer_type *const rm_layer_types[]; /* NULL ends it */

/* --- for the layers' own files ----------------------------------------------------------------- */

rm_status rm_layer_new(const rm_layer_type *type, rm_layer **layer, rm_error *err);
/* Gives the layer a fresh tensor for the slot of its type with that name: of zeros; a parameter requires a
 * gradient. */
rm_status rm_layer_add_slot(rm_layer *layer, const char *name, size_t ndim, const size_t shape[], rm_error *err);
/* Fills all parameters uniformly in +-1/sqrt(fan_in). */
rm_status rm_layer_init_uniform(rm_layer *layer, size_t fan_in, rm_rng *init, rm_error *err);

/* printf at the end of text, cut at its size. */
void rm_text_add(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* "name=3" or "name={3, 5}", with ", " in front unless the text is empty. */
void rm_text_pair(char *text, size_t size, const char *name, const size_t pair[2]);

#endif
