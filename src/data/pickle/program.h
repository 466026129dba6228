/* program.h -- for the files of this folder: the bytes behind an instruction, as numbers and strings. */
#ifndef RM_DATA_PICKLE_PROGRAM_H
#define RM_DATA_PICKLE_PROGRAM_H

#include "data/pickle/machine.h"

rm_status rm_pickle_need(rm_pickle_machine *m, size_t n);
rm_status rm_pickle_little_endian(rm_pickle_machine *m, size_t n, uint64_t *out);
rm_status rm_pickle_counted_string(rm_pickle_machine *m, size_t width, bool latin1);
rm_status rm_pickle_line(rm_pickle_machine *m, const char **text, size_t *length);
rm_status rm_pickle_line_integer(rm_pickle_machine *m, int64_t *out, size_t *digits);
rm_status rm_pickle_op_int(rm_pickle_machine *m);
rm_status rm_pickle_long1(rm_pickle_machine *m);
rm_status rm_pickle_string(rm_pickle_machine *m);
rm_status rm_pickle_unicode(rm_pickle_machine *m);

#endif
