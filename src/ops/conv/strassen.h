/* strassen.h -- what the two halves of the method share. */
#ifndef RM_OPS_CONV_STRASSEN_H
#define RM_OPS_CONV_STRASSEN_H

#include "ops/conv/method.h"

/* Where pixel p of y (counted through all images) lies in x. */
size_t rm_strassen_place(const rm_conv_shape *s, size_t p);

#endif
