/* unary_list.h -- every elementwise operator on one tensor, once. To add one: a row here, its kernels in
 * pointwise_k.c, activation_k.c or math_k.c, and in bind/pointwise.c or bind/math.c the method, with its docstring.
 *
 *   RM_UNARY(NAME, kernel, "name", numbers, keep)
 *     RM_NAME in ops; "name" in messages and on the tape; how many numbers it takes (slope, alpha; limits); what
 *     backward reads besides dy: the input X, the output Y, or NOTHING. The kernels are
 *     kernel_forward(n, x, numbers..., y) and kernel_backward(n, kept, dy, numbers..., dx).
 *   RM_UNARY_FLAT(NAME, kernel, "name")
 *     one whose gradient is 0: kernel_forward alone.
 *
 * No include guard: it is read by list.h, which makes the kernels' declarations of it, and by ops/pointwise,
 * which makes the operators of it. */

/* pointwise_k.c */
RM_UNARY(NEG, neg, "neg", 0, NOTHING)
RM_UNARY(ABS, abs, "abs", 0, X)
RM_UNARY_FLAT(SIGN, sign, "sign")
RM_UNARY(SQUARE, square, "square", 0, X)
RM_UNARY(SQRT, sqrt, "sqrt", 0, Y)
RM_UNARY(RECIPROCAL, reciprocal, "reciprocal", 0, Y)
RM_UNARY(EXP, exp, "exp", 0, Y)
RM_UNARY(LOG, log, "log", 0, X)
RM_UNARY_FLAT(FLOOR, floor, "floor")
RM_UNARY_FLAT(CEIL, ceil, "ceil")
RM_UNARY_FLAT(ROUND, round, "round")
RM_UNARY_FLAT(TRUNC, trunc, "trunc")
RM_UNARY(CLAMP, clamp, "clamp", 2, X) /* low, high */

/* activation_k.c */
RM_UNARY(RELU, relu, "relu", 0, Y)
RM_UNARY(LEAKY_RELU, leaky_relu, "leaky_relu", 1, X) /* slope */
RM_UNARY(ELU, elu, "elu", 1, X)                      /* alpha */
RM_UNARY(SIGMOID, sigmoid, "sigmoid", 0, Y)
RM_UNARY(TANH, tanh, "tanh", 0, Y)
RM_UNARY(SILU, silu, "silu", 0, X)
RM_UNARY(GELU, gelu, "gelu", 0, X)
RM_UNARY(GELU_TANH, gelu_tanh, "gelu", 0, X)
RM_UNARY(HARDTANH, hardtanh, "hardtanh", 2, X) /* low, high */
RM_UNARY(HARDSIGMOID, hardsigmoid, "hardsigmoid", 0, X)
RM_UNARY(HARDSWISH, hardswish, "hardswish", 0, X)

/* math_k.c */
RM_UNARY(LOG2, log2, "log2", 0, X)
RM_UNARY(LOG10, log10, "log10", 0, X)
RM_UNARY(LOG1P, log1p, "log1p", 0, X)
RM_UNARY(EXPM1, expm1, "expm1", 0, Y)
RM_UNARY(RSQRT, rsqrt, "rsqrt", 0, Y)
RM_UNARY(SIN, sin, "sin", 0, X)
RM_UNARY(COS, cos, "cos", 0, X)
RM_UNARY(TAN, tan, "tan", 0, Y)
RM_UNARY(ASIN, asin, "asin", 0, X)
RM_UNARY(ACOS, acos, "acos", 0, X)
RM_UNARY(ATAN, atan, "atan", 0, X)
RM_UNARY(ERF, erf, "erf", 0, X)
RM_UNARY(LOGSIGMOID, logsigmoid, "logsigmoid", 0, X)
RM_UNARY(SOFTPLUS, softplus, "softplus", 2, X)         /* beta, threshold */
RM_UNARY(XLOGX, xlogx, "xlogx", 0, X)                  /* parts of losses */
RM_UNARY(SMOOTH_L1, smooth_l1, "smooth_l1_loss", 1, X) /* beta */
