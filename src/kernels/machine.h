/* machine.h -- how much work a round of machine_k.c's multiply_adds is. */
#ifndef RM_KERNELS_MACHINE_H
#define RM_KERNELS_MACHINE_H

enum { RM_MACHINE_CHAINS = 12 }; /* vectors a round */

#endif
