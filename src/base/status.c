/* status.c -- filling in an error. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

rm_status rm_fail(rm_error *err, rm_status code, const char *format, ...) {
  if (err) {
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    err->code = code;
    err->advice = RM_ADVICE_NONE;
    err->about[0] = '\0';
  }
  return code;
}

rm_status rm_advise(rm_error *err, rm_advice advice, const char *about, rm_status failure) {
  if (err) {
    err->advice = advice;
    snprintf(err->about, sizeof err->about, "%s", about);
  }
  return failure;
}
