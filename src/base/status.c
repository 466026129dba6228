/* status.c -- filling in an error. */
#include "base/status.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A text that was cut ends between two letters. */
static void drop_part_of_letter(char *text, size_t length) {
  size_t tail = 0;
  while (tail < 4 && tail < length && ((unsigned char)text[length - 1 - tail] & 0xc0) == 0x80) tail++;
  unsigned char first = tail < length ? (unsigned char)text[length - 1 - tail] : 0;
  size_t whole = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  if (tail + 1 < whole) text[length - 1 - tail] = '\0';
}

/* Whether a character can be part of a name that contains "-nan". */
static bool in_word(char c) {
  return isalnum((unsigned char)c) || (c && strchr("_-./", c)) || (unsigned char)c >= 0x80;
}

/* A NaN has no sign that means anything, but printf writes that of its bits: on x86 0.0 / 0.0 is "-nan". */
static void drop_sign_of_nan(char *text) {
  for (char *at = strstr(text, "-nan"); at; at = strstr(at, "-nan")) {
    bool word = (at > text && in_word(at[-1])) || (in_word(at[4]) && !(at[4] == '.' && !in_word(at[5])));
    if (word) at += 4;
    else memmove(at, at + 1, strlen(at));
  }
}

void rm_format(char *text, size_t size, const char *format, va_list args) {
  if (size == 0) return;
  int length = vsnprintf(text, size, format, args);
  if (length >= 0 && (size_t)length >= size) drop_part_of_letter(text, size - 1);
  drop_sign_of_nan(text);
}

rm_status rm_fail(rm_error *err, rm_status code, const char *format, ...) {
  if (err) {
    va_list args;
    va_start(args, format);
    rm_format(err->message, sizeof err->message, format, args);
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
