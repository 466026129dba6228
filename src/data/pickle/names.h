/* names.h -- for the files of this folder: the four names that are known, and what is made of them. */
#ifndef RM_DATA_PICKLE_NAMES_H
#define RM_DATA_PICKLE_NAMES_H

#include "data/pickle/machine.h"

rm_status rm_pickle_global(rm_pickle_machine *m);
rm_status rm_pickle_stack_global(rm_pickle_machine *m);
rm_status rm_pickle_reduce(rm_pickle_machine *m);
rm_status rm_pickle_build(rm_pickle_machine *m);

#endif
