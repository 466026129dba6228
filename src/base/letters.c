/* letters.c -- widths are those of the C library's tables (wcwidth), read in the locale C.UTF-8 whatever that of the
 * program, so that a table is aligned the same way everywhere. Where a system lacks that locale each letter counts as
 * one column. */
#define _GNU_SOURCE
#include "base/letters.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

static locale_t unicode; /* 0 where there is none */
static pthread_once_t opened = PTHREAD_ONCE_INIT;
static void open_unicode(void) { unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0); }

/* The code point at the beginning, and its bytes; 0 bytes: not UTF-8 (RFC 3629). */
static size_t decode(const unsigned char *s, size_t n, unsigned *code) {
  static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t bytes = s[0] < 0x80 ? 1 : s[0] >= 0xf0 && s[0] < 0xf8 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;
  if (bytes == 0 || bytes > n || s[0] >= 0xf8) return 0;
  *code = bytes == 1 ? s[0] : s[0] & (0xffu >> (bytes + 1));
  for (size_t i = 1; i < bytes; i++) {
    if ((s[i] & 0xc0) != 0x80) return 0;
    *code = *code << 6 | (s[i] & 0x3f);
  }
  bool surrogate = *code >= 0xd800 && *code < 0xe000;
  return *code < least[bytes] || *code > 0x10ffff || surrogate ? 0 : bytes;
}

/* Characters that turn the direction of the text around them, or end its line. */
static bool turns_text(unsigned c) {
  return c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
         c == 0xfeff;
}

rm_letter rm_letter_at(const char *text, size_t n) {
  rm_letter letter = {.bytes = 1, .columns = 1, .code = (unsigned char)text[0]};
  size_t bytes = decode((const unsigned char *)text, n, &letter.code);
  if (bytes == 0) return letter;
  letter.bytes = bytes;
  letter.valid = true;
  bool control = letter.code < 0x20 || (letter.code >= 0x7f && letter.code < 0xa0);
  if (control || turns_text(letter.code)) return letter;
  letter.visible = true;
  if (letter.code < 0x7f) return letter;
  pthread_once(&opened, open_unicode);
  if (!unicode) return letter;
  locale_t before = uselocale(unicode);
  letter.columns = wcwidth((wchar_t)letter.code);
  letter.visible = letter.columns >= 0;
  if (letter.columns < 0) letter.columns = 1;
  uselocale(before);
  return letter;
}

size_t rm_letters_width(const char *text, size_t n) {
  size_t columns = 0;
  while (n > 0) {
    rm_letter letter = rm_letter_at(text, n);
    columns += (size_t)letter.columns;
    text += letter.bytes;
    n -= letter.bytes;
  }
  return columns;
}

size_t rm_letters_cut(const char *text, size_t n, size_t columns) {
  size_t kept = 0, used = 0;
  while (kept < n) {
    rm_letter letter = rm_letter_at(text + kept, n - kept);
    used += (size_t)letter.columns;
    if (used > columns) break;
    kept += letter.bytes;
  }
  return kept;
}

size_t rm_letter_show(rm_letter letter, char out[RM_LETTER_SHOWN]) {
  static const char names[] = "abtnvfr"; /* 7 to 13 */
  if (letter.valid && letter.code >= 7 && letter.code <= 13)
    return (size_t)snprintf(out, RM_LETTER_SHOWN, "\\%c", names[letter.code - 7]);
  bool byte = !letter.valid || letter.code < 0x80;
  return (size_t)snprintf(out, RM_LETTER_SHOWN, byte ? "\\x%02x" : "\\u{%x}", letter.code);
}
