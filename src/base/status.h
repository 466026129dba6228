/* status.h -- how everything below the bindings reports failure.
 *
 * A function that can fail returns rm_status and describes the failure in *err:
 * what was being done, which argument, what was expected and what was there. It
 * never exits, never jumps, and leaves its outputs untouched. `err` may be NULL. */
#ifndef RM_BASE_STATUS_H
#define RM_BASE_STATUS_H

typedef enum {
  RM_OK = 0,
  RM_ERR_MEMORY,      /* an allocation failed */
  RM_ERR_SHAPE,       /* shapes do not fit each other or the operation */
  RM_ERR_TYPE,        /* an element type the operation does not take */
  RM_ERR_VALUE,       /* an argument out of its range */
  RM_ERR_STATE,       /* right arguments, wrong moment: backward twice, ... */
  RM_ERR_IO,          /* the system refused a file operation */
  RM_ERR_FORMAT,      /* a file does not hold what its format promises */
  RM_ERR_INTERRUPTED  /* the user pressed Ctrl-C */
} rm_status;

typedef struct {
  rm_status code;
  char message[1000];
} rm_error;

/* Fills *err (printf style) and returns `code`, so that callers can write
 * `return rm_fail(err, RM_ERR_SHAPE, "linear: ...");`. Long messages are cut. */
rm_status rm_fail(rm_error *err, rm_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Returns the failure of `call` from the enclosing function. Only where that
 * function holds nothing it would have to release. */
#define RM_TRY(call)                          \
  do {                                        \
    rm_status rm_try_status_ = (call);        \
    if (rm_try_status_ != RM_OK) return rm_try_status_; \
  } while (0)

#endif
