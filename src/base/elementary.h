/* elementary.h -- exp, log, pow, sin, cos and atan2 in double, the same bits on every machine.
 *
 * A C library's own differ: glibc takes other code on processors with fused multiply-adds than on those
 * without, and changes it from version to version. These are made of additions, multiplications, divisions and
 * square roots alone, each of which IEEE 754 rounds in one way only, and the compiler is told to fuse nothing
 * (-ffp-contract=off). Errors are below 3 units in the last place (pow: below 2 |y log x| + 4, or |y| where y is a
 * whole number up to 1024); special cases are those of C.
 *
 * Everything that decides about weights, losses, predictions or images uses them: generators, drawing, schedules,
 * losses, and the float kernels that need a double. Plots need not. */
#ifndef RM_BASE_ELEMENTARY_H
#define RM_BASE_ELEMENTARY_H

double rm_math_exp(double x);
double rm_math_log(double x);
double rm_math_pow(double x, double y);
/* |x| up to 2^20: farther out the error grows with |x|. */
double rm_math_sin(double x);
double rm_math_cos(double x);
double rm_math_atan2(double y, double x);

/* Rounded to float. */
static inline float rm_math_sinf(float x) { return (float)rm_math_sin(x); }
static inline float rm_math_cosf(float x) { return (float)rm_math_cos(x); }
static inline float rm_math_atan2f(float y, float x) { return (float)rm_math_atan2(y, x); }

#endif
