/* letters.h -- text as people see it: letters, the columns they take on a screen, and bytes that are none. */
#ifndef RM_BASE_LETTERS_H
#define RM_BASE_LETTERS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  size_t bytes;  /* of the letter, at least 1 */
  int columns;   /* 0: it joins the letter before; 2: wide */
  unsigned code; /* its code point; of a byte that is not UTF-8, the byte */
  bool valid;    /* UTF-8 */
  bool visible;  /* a terminal shows it, and obeys nothing in it */
} rm_letter;

/* The letter at the beginning of n > 0 bytes. */
rm_letter rm_letter_at(const char *text, size_t n);

/* Columns that the text takes. */
size_t rm_letters_width(const char *text, size_t n);

/* Bytes of the longest beginning that takes no more than so many columns, marks that join its last letter included. */
size_t rm_letters_cut(const char *text, size_t n, size_t columns);

enum { RM_LETTER_SHOWN = 12 };

/* How a letter that is not visible is written: \n, \x1b, \u{202e}. Returns the length. */
size_t rm_letter_show(rm_letter letter, char out[RM_LETTER_SHOWN]);

#endif
