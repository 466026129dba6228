/* reader.h -- work that was put off and still has to look at a tensor.
 *
 * A storage lists those who will read its elements later, or will ask whether a tensor over it requires a
 * gradient. Before elements are written, or a requirement changes, they are settled: they do at once what
 * they had put off. So nobody can tell that it was put off.
 *
 * The list hangs on the storage. There is no global state, a write looks at one pointer, and those who hold
 * the results take no part in it. Like a tensor's `grad` and `node` it is not for several
 * threads at a time. */
#ifndef RM_CORE_READER_H
#define RM_CORE_READER_H

#include "core/tensor.h"

struct rm_reader {
  rm_tensor *tensor; /* retained; NULL: in no list */
  bool elements;     /* will read them */
  bool requirement;  /* will ask for requires_grad */
  /* Does what was put off, and removes the reader. On failure it stays. */
  rm_status (*settle)(rm_reader *reader, rm_error *err);
  rm_reader *next, **link; /* in the storage's list; *link points here */
};

/* Enters the reader, whose other fields are set, into the list of t's storage. */
void rm_reader_add(rm_reader *reader, rm_tensor *t);
/* Takes it out, and releases its tensor; one that is in no list stays as it is. */
void rm_reader_remove(rm_reader *reader);

/* Everybody who will read t's elements does so now: they are about to be written.
 * rm_tensor_check_writable calls it; a write that does not ask there calls it itself. */
rm_status rm_settle_elements(const rm_tensor *t, rm_error *err);
/* The same before t->requires_grad changes. */
rm_status rm_settle_requirement(const rm_tensor *t, rm_error *err);

#endif
