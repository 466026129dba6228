/* locale_test.c -- numbers keep the C form when the program takes another locale; text is cut between letters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/letters.h"
#include "base/locale.h"
#include "base/status.h"

static char folder[] = "/tmp/resmoon-locale-XXXXXX";
static int german; /* whether a German locale could be made */

static int make_locale(void **state) {
  (void)state;
  char command[200];
  if (!mkdtemp(folder)) return -1;
  snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1", folder);
  setenv("LOCPATH", folder, 1);
  german = system(command) == 0 && setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
  setlocale(LC_ALL, "C");
  return 0;
}

static int remove_locale(void **state) {
  (void)state;
  char command[200];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

static void written(double value, char text[40]) { snprintf(text, 40, "%g", value); }

/* A program that takes a locale after the library was loaded, from C, as well as before. */
static void numbers_keep_their_form(void **state) {
  (void)state;
  if (!german) {
    print_message("no localedef or no sources of de_DE here (Debian: locales)\n");
    skip();
  }
  char text[40];
  rm_locale_keep_numbers();
  assert_non_null(setlocale(LC_ALL, "de_DE.UTF-8"));
  written(0.5, text);
  assert_string_equal(text, "0.5");
  assert_true(strtod("0.25", NULL) == 0.25);
  assert_string_equal(localeconv()->decimal_point, ".");
  assert_true(strcoll("B", "a") < 0); /* bytes, not the German alphabet */
  rm_locale_keep_numbers();           /* again, as os.setlocale does */
  written(0.5, text);
  assert_string_equal(text, "0.5");
  setlocale(LC_ALL, "C");
}

static void *in_thread(void *text) {
  written(0.5, text);
  return NULL;
}

/* Of the thread alone: another one of the host's writes as the host asked. */
static void other_threads_are_left_alone(void **state) {
  (void)state;
  if (!german) skip();
  char text[40];
  pthread_t thread;
  rm_locale_keep_numbers();
  setlocale(LC_ALL, "de_DE.UTF-8");
  assert_int_equal(pthread_create(&thread, NULL, in_thread, text), 0);
  pthread_join(thread, NULL);
  assert_string_equal(text, "0,5");
  setlocale(LC_ALL, "C");
}

static void a_nan_has_no_sign(void **state) {
  (void)state;
  rm_error err;
  rm_fail(&err, RM_ERR_VALUE, "p is %g, not %g: see \"%s\"", -NAN, copysign(INFINITY, -1), "x-nan.png or -nano");
  assert_string_equal(err.message, "p is nan, not -inf: see \"x-nan.png or -nano\"");
  rm_fail(&err, RM_ERR_VALUE, "got %g.", -NAN);
  assert_string_equal(err.message, "got nan.");
}

static void long_messages_end_between_letters(void **state) {
  (void)state;
  rm_error err;
  char name[2000];
  for (size_t shift = 0; shift < 4; shift++) {
    memset(name, 'x', shift);
    size_t at = shift;
    for (; at + 3 < sizeof name; at += 3) memcpy(name + at, "\xe7\x8c\xab", 3); /* U+732B */
    name[at] = '\0';
    rm_fail(&err, RM_ERR_IO, "%s", name);
    size_t length = strlen(err.message);
    assert_true(length > sizeof err.message - 5);
    assert_int_equal((length - shift) % 3, 0);
  }
}

static void widths(void **state) {
  (void)state;
  assert_int_equal(rm_letters_width("abc", 3), 3);
  assert_int_equal(rm_letters_width("e\xcc\x81", 3), 1);      /* e, combining acute */
  assert_int_equal(rm_letters_width("\xe7\x8c\xab", 3), 2);   /* U+732B */
  assert_int_equal(rm_letters_width("\xff\xc3", 2), 2);       /* no UTF-8 */
  assert_int_equal(rm_letters_cut("ae\xcc\x81o", 5, 2), 4);   /* the accent stays with its letter */
  assert_int_equal(rm_letters_cut("a\xe7\x8c\xab", 4, 2), 1); /* half a wide letter is none */
  assert_false(rm_letter_at("\xc0\x80", 2).valid);            /* NUL in two bytes */
  assert_false(rm_letter_at("\xed\xa0\x80", 3).valid);        /* a surrogate */
  assert_false(rm_letter_at("\xf4\x90\x80\x80", 4).valid);    /* above U+10FFFF */
  assert_false(rm_letter_at("\xc2\x9b", 2).visible);          /* CSI as one character */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_keep_their_form),
                                     cmocka_unit_test(other_threads_are_left_alone),
                                     cmocka_unit_test(a_nan_has_no_sign),
                                     cmocka_unit_test(long_messages_end_between_letters), cmocka_unit_test(widths)};
  return cmocka_run_group_tests(tests, make_locale, remove_locale);
}
