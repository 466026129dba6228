/* status.h -- how everything below the bindings reports failure.
 *
 * A function that can fail returns rm_status and describes the failure in *err:
 * what was being done, which argument, what was expected and what was there. It
 * never exits, never jumps, and leaves its outputs untouched. `err` may be NULL.
 *
 * Messages are for people: dimensions, tensors and elements in them are numbered from 1. What they
 * would write to mend it is not in the message but in `advice`, since this code does not know the
 * language it is called from. */
#ifndef RM_BASE_STATUS_H
#define RM_BASE_STATUS_H

#include <stdarg.h>
#include <stddef.h>

typedef enum {
  RM_OK = 0,
  RM_ERR_MEMORY,     /* an allocation failed */
  RM_ERR_SHAPE,      /* shapes do not fit each other or the operation */
  RM_ERR_TYPE,       /* an element type the operation does not take */
  RM_ERR_VALUE,      /* an argument out of its range */
  RM_ERR_STATE,      /* right arguments, wrong moment: backward twice, ... */
  RM_ERR_IO,         /* the system refused a file operation */
  RM_ERR_FORMAT,     /* a file does not hold what its format promises */
  RM_ERR_INTERRUPTED /* the user pressed Ctrl-C */
} rm_status;

/* What would help, where a call would. The layer above knows how its users write that call. */
typedef enum {
  RM_ADVICE_NONE,
  RM_ADVICE_TO_FLOAT,     /* convert the tensor of this name to float32 */
  RM_ADVICE_TO_INT64,     /* to int64 */
  RM_ADVICE_CONVERT_ONE,  /* bring two tensors to one type */
  RM_ADVICE_TO_TRUTH,     /* ask whether its elements are 0 */
  RM_ADVICE_CLONE,        /* copy it first */
  RM_ADVICE_NEW_TENSOR,   /* the operation that makes a new tensor, or switching the tape off */
  RM_ADVICE_OUT_OF_PLACE, /* the operation of this name, or an operand without its history */
  RM_ADVICE_DETACH,       /* take it without its history */
  RM_ADVICE_KEEP_GRAPH,   /* keep the graph the first time */
  RM_ADVICE_REDUCE        /* make it a scalar, or say what its gradient is */
} rm_advice;

typedef struct {
  rm_status code;
  rm_advice advice;
  char about[40]; /* whom the advice is about: an argument, an operation */
  char message[1000];
} rm_error;

/* Fills *err (printf style) and returns `code`, so that callers can write
 * `return rm_fail(err, RM_ERR_SHAPE, "linear: ...");`. Long messages are cut. */
rm_status rm_fail(rm_error *err, rm_status code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* vsnprintf as all texts for people use it: what is too long is cut between letters, and a NaN is "nan". */
void rm_format(char *text, size_t size, const char *format, va_list args) __attribute__((format(printf, 3, 0)));

/* Adds advice to a failure: `return rm_advise(err, RM_ADVICE_TO_FLOAT, "x", rm_fail(err, ...))`. */
rm_status rm_advise(rm_error *err, rm_advice advice, const char *about, rm_status failure);

/* Returns the failure of `call` from the enclosing function. Only where that
 * function holds nothing it would have to release. */
#define RM_TRY(call) \
  do { \
    rm_status rm_try_status_ = (call); \
    if (rm_try_status_ != RM_OK) return rm_try_status_; \
  } while (0)

#endif
