/* conv.h -- options that the convolution and its layer read alike. */
#ifndef RM_BIND_CONV_H
#define RM_BIND_CONV_H

#include "bind/bind.h"
#include "ops/conv/conv.h"

/* stride, padding (a number, a pair, "same" or "valid"), dilation and groups of the options at `arg`. */
rm_conv_options bind_optconv(lua_State *L, int arg, const char *op);
/* The border called `name`; raises for another word. */
rm_border bind_checkborder(lua_State *L, const char *op, const char *name);

#endif
