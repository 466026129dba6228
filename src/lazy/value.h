/* value.h -- what operators and layers take and give: a tensor, or an expression that nobody has looked at yet.
 *
 * `bn(conv(x)):relu()` is how a block is written, and what it should cost is one pass over memory and one
 * activation. So some operators put their work off and give an expression:
 *
 *   batch norm of x [+ shortcut]                 its statistics are taken, and the running ones moved, at the call
 *   convolution of x [* batch norm] [+ shortcut]   where no gradients are recorded; `*`: with fixed statistics, folded
 *                                                into the weights
 *
 *   relu of a batch norm without a shortcut      where gradients are recorded
 *
 * relu(expression) does all of it at once, and the last kind is never computed if all that looks at it is a convolution that
 * can work it out while it reads (ops/norm/promise.h). A caller who needs the tensor asks rm_value_tensor, which does the rest:
 * such a value cannot be told from a tensor. Training and inference take the same way.
 *
 * - Shapes and types are checked at the call; what is computed is computed at the first look, and that may fail
 *   for want of memory, or be interrupted: the value is then as it was.
 * - What an expression will read is entered with the tensors (core/reader.h): a write in place has it computed
 *   first, and so has a change of requires_grad.
 * - Whether gradients are recorded is what it was at the call. Where that has changed in between, nothing is
 *   joined.
 *
 * Ownership: a value is a struct of its holder, empty ({0}) until an operator (fuse.h) fills it, and released by
 * rm_value_release. An expression may have several holders and is computed once. A plain tensor t is the value
 * (rm_value){.tensor = t}, borrowed or not as the holder likes. Arguments are borrowed; looking at one changes it
 * from expression to tensor. On failure *y is untouched. */
#ifndef RM_LAZY_VALUE_H
#define RM_LAZY_VALUE_H

#include "core/tensor.h"

typedef struct rm_expression rm_expression; /* expression.h */
typedef struct {
  rm_tensor *tensor;         /* NULL until looked at */
  rm_expression *expression; /* NULL: nothing is put off */
} rm_value;

/* The tensor, computed now if it was not yet; borrowed from the value. */
rm_status rm_value_tensor(rm_value *v, rm_tensor **t, rm_error *err);
/* Whether rm_value_tensor would have something to do. */
bool rm_value_waits(const rm_value *v);
/* What its shape is or will be; nothing is computed. */
const size_t *rm_value_shape(const rm_value *v, size_t *ndim);

rm_value rm_value_retain(const rm_value *v); /* another holder of the same */
void rm_value_release(rm_value *v);          /* leaves {0}; an expression without holders is forgotten */

#endif
