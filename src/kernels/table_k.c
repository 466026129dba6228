/* table_k.c -- the kernels of one instruction set, gathered. */
#include "kernels/isa.h"
#include "kernels/kernels.h"

#define RM_STRING_(x) #x
#define RM_STRING(x) RM_STRING_(x)
#define RM_KERNEL(result, name, params) .name = RM_ISA(name),
const rm_kernels RM_ISA_PASTE(rm_kernels, RM_ISA_NAME) = {
    .isa = RM_STRING(RM_ISA_NAME),
    .vector = RM_VL,
    .rows = RM_TILE_ROWS,
    .fused = RM_FUSED,
#include "kernels/list.h"
};
