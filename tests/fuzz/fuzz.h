/* fuzz.h -- what the harnesses share.
 *
 * A harness is one file READER_fuzz.c with fuzz_one, which gives bytes to a reader and lets go of what it made. Two
 * programs come of it: one for libFuzzer (rules.mk), which looks for bytes that reach new branches, and one that
 * replays the files of corpus/READER and is a test like any other (replay.c).
 *
 * A finding is a crash, a report of a sanitizer, more memory or time than the limits of run.lua, memory that is
 * still held afterwards, or a property of the reader that fuzz_require checks. */
#ifndef RM_TEST_FUZZ_H
#define RM_TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

/* The harness's own. */
extern const char *const fuzz_readers[]; /* folders below corpus; one, or those that are told apart below; then NULL */
void fuzz_one(const uint8_t *data, size_t size);

extern const char
    *fuzz_reader; /* of them, the one whose bytes come; NULL: the first, or FUZZ_READER in the environment */

/* A file with these bytes in a folder of this process; `name` within it. The path is good until the next call with
 * the same name. */
const char *fuzz_file(const char *name, const uint8_t *data, size_t size);
const char *fuzz_folder(void); /* which holds it, and is removed at the end */

/* Ends the program with a message that the driver shows, where `condition` does not hold. */
void fuzz_require(bool condition, const char *what, ...);
/* A status as a reader must give it: on failure a message, and none of our own mistakes. */
bool fuzz_ok(rm_status status, const rm_error *err);

/* fuzz_one, and that nothing is held afterwards, unless a harness says that this cannot be told. */
extern bool fuzz_counts_held;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
