/* processors.h -- how many processors this process may run on. */
#ifndef RM_PARALLEL_PROCESSORS_H
#define RM_PARALLEL_PROCESSORS_H

#include <stddef.h>

size_t rm_processors(void); /* at least 1 */

/* So many processes, this one included, divide these processors among themselves from now on. */
void rm_processors_share(size_t processes);

#endif
