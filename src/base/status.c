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
  }
  return code;
}
