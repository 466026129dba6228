/* saved.h -- the tensors that a node keeps for its gradient; for the files of this folder.
 *
 * They are kept without history, with the version of their storage. A large one that the operation
 * before can compute again is kept weakly: tape.h says when. */
#ifndef RM_CORE_TAPE_SAVED_H
#define RM_CORE_TAPE_SAVED_H

#include "core/tape/node.h"

/* Keeps x, number i of the record's saved tensors, which may make the node's chain longer. */
rm_status rm_saved_keep(rm_node *node, size_t i, const rm_record *record, rm_tensor *x, rm_error *err);
void rm_saved_free(rm_node *node); /* all of them */

/* Refuses a node of which one of the first n saved tensors was written to since. */
rm_status rm_saved_check(const rm_node *node, size_t n, rm_error *err);

/* Between these two, what was kept weakly of the first n is at hand. What had to be computed again stays with its
 * source (`again`) until that is differentiated itself, so that it is computed once in a walk. */
rm_status rm_saved_bring_back(rm_node *node, size_t n, rm_error *err);
void rm_saved_let_go(rm_node *node);

#endif
