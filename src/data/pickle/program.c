/* program.c -- the bytes behind an instruction: counted, or up to the end of a line, or quoted as Python does. */
#include "data/pickle/program.h"

#include <errno.h>
#include <stdlib.h>

rm_status rm_pickle_need(rm_pickle_machine *m, size_t n) {
  return n <= (size_t)(m->end - m->at) ? RM_OK : rm_pickle_bad(m, "the file ends too early,");
}

rm_status rm_pickle_little_endian(rm_pickle_machine *m, size_t n, uint64_t *out) {
  RM_TRY(rm_pickle_need(m, n));
  *out = 0;
  for (size_t i = 0; i < n; i++) *out |= (uint64_t)*m->at++ << 8 * i;
  return RM_OK;
}

/* A length of `width` bytes, and so many bytes. */
static rm_status counted(rm_pickle_machine *m, size_t width, const uint8_t **bytes, size_t *length) {
  uint64_t n = 0;
  RM_TRY(rm_pickle_little_endian(m, width, &n));
  if (n > (uint64_t)(m->end - m->at)) return rm_pickle_bad(m, "a string longer than the file");
  *bytes = m->at;
  *length = (size_t)n;
  m->at += n;
  return RM_OK;
}

rm_status rm_pickle_counted_string(rm_pickle_machine *m, size_t width, bool latin1) {
  const uint8_t *bytes = NULL;
  size_t length = 0;
  RM_TRY(counted(m, width, &bytes, &length));
  return rm_pickle_push_string(m, bytes, length, latin1);
}

/* The rest of the line, without its end. */
rm_status rm_pickle_line(rm_pickle_machine *m, const char **text, size_t *length) {
  const uint8_t *end = memchr(m->at, '\n', (size_t)(m->end - m->at));
  if (!end) return rm_pickle_bad(m, "a line without an end");
  *text = (const char *)m->at;
  *length = (size_t)(end - m->at);
  m->at = end + 1;
  return RM_OK;
}

/* A whole number in decimal digits; Python 2's long integers have an L behind them. */
rm_status rm_pickle_line_integer(rm_pickle_machine *m, int64_t *out, size_t *digits) {
  const char *text = NULL;
  char copy[24], *end;
  RM_TRY(rm_pickle_line(m, &text, digits));
  if (*digits == 0 || *digits >= sizeof copy) return rm_pickle_bad(m, "a malformed or too large number");
  memcpy(copy, text, *digits);
  copy[*digits] = '\0';
  errno = 0;
  *out = strtoll(copy, &end, 10);
  if (errno) return rm_pickle_bad(m, "a malformed or too large number");
  if (end == copy || (*end && strcmp(end, "L") != 0)) return rm_pickle_bad(m, "a malformed number");
  return RM_OK;
}

/* INT: a number, or 00 and 01 for false and true. */
rm_status rm_pickle_op_int(rm_pickle_machine *m) {
  int64_t value = 0;
  size_t digits = 0;
  const uint8_t *text = m->at;
  RM_TRY(rm_pickle_line_integer(m, &value, &digits));
  bool truth = digits == 2 && text[0] == '0' && (text[1] == '0' || text[1] == '1');
  return rm_pickle_push_integer(m, truth ? RM_PICKLED_BOOL : RM_PICKLED_INT, value);
}

/* LONG1: up to eight bytes in two's complement. */
rm_status rm_pickle_long1(rm_pickle_machine *m) {
  uint64_t length = 0, value = 0;
  RM_TRY(rm_pickle_little_endian(m, 1, &length));
  if (length > 8) return rm_pickle_bad(m, "a number too large");
  RM_TRY(rm_pickle_little_endian(m, (size_t)length, &value));
  if (length > 0 && length < 8 && value >> (8 * length - 1)) value |= ~(uint64_t)0 << 8 * length;
  return rm_pickle_push_integer(m, RM_PICKLED_INT, (int64_t)value);
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 32;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* n hexadecimal digits at s; -1 if they are none. */
static long hex_number(const char *s, size_t n) {
  long value = 0;
  for (size_t i = 0; i < n; i++) {
    int digit = hex_digit(s[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/* What follows a backslash in a string of protocol 0: how many characters, and the byte; -1: not understood. */
static int unescape(const char *s, size_t n, bool text, size_t *used) {
  if (text) { /* raw-unicode-escape knows \uXXXX only */
    *used = 5;
    return n >= 5 && s[0] == 'u' ? (int)hex_number(s + 1, 4) : -1;
  }
  static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
  const char *known = n ? strchr(from, s[0]) : NULL;
  *used = 1;
  if (known && *known) return (unsigned char)to[known - from];
  *used = 3;
  return n >= 3 && s[0] == 'x' ? (int)hex_number(s + 1, 2) : -1;
}

/* The string of a line with its escapes undone, one byte a character. text: of UNICODE; else of STRING. */
static rm_status escaped(rm_pickle_machine *m, const char *s, size_t n, bool text) {
  if (!memchr(s, '\\', n)) return rm_pickle_push_string(m, s, n, true);
  void *room = NULL;
  RM_TRY(rm_pickle_take(m, n, &room));
  char *to = room;
  size_t length = 0;
  for (size_t i = 0; i < n; i++) {
    size_t used;
    if (s[i] != '\\' || (text && (i + 1 >= n || s[i + 1] != 'u'))) {
      to[length++] = s[i];
      continue;
    }
    int c = unescape(s + i + 1, n - i - 1, text, &used);
    if (c < 0 || c > 255) return rm_pickle_bad(m, "a character that is not Latin-1");
    to[length++] = (char)c;
    i += used;
  }
  return rm_pickle_push_string(m, to, length, true);
}

/* STRING: in quotes. */
rm_status rm_pickle_string(rm_pickle_machine *m) {
  const char *s = NULL;
  size_t n = 0;
  RM_TRY(rm_pickle_line(m, &s, &n));
  if (n < 2 || (s[0] != '\'' && s[0] != '"') || s[n - 1] != s[0]) return rm_pickle_bad(m, "a string without quotes");
  return escaped(m, s + 1, n - 2, false);
}

rm_status rm_pickle_unicode(rm_pickle_machine *m) {
  const char *s = NULL;
  size_t n = 0;
  RM_TRY(rm_pickle_line(m, &s, &n));
  return escaped(m, s, n, true);
}
