/* print.c -- tensors as text: aligned numbers in brackets, then type and shape.
 *
 * All numbers of a tensor share one format, chosen from those that are shown: whole numbers as
 * "2.", others with 4 decimals, or with exponents where the largest would lose its digits. A
 * tensor of more than `threshold` elements shows the first and last 3 rows and columns, and
 * the first and last of what lies outside of them; no other element is read. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "bind/bind.h"

enum { NUMBER_TEXT = 100, MOST_DIGITS = 30 };

typedef enum { WHOLE, DECIMAL, EXPONENT } notation;

typedef struct {
  luaL_Buffer out;
  const rm_tensor *x;
  bool cut;                /* show the ends only: so many positions of rows and columns, */
  size_t edge, outer_edge; /* and of the dimensions outside of them */
  size_t line;             /* columns */
  int digits;              /* behind the decimal point */
  notation notation;
  size_t width;   /* of the widest number */
  double largest; /* magnitude */
  bool whole;     /* no number has a fraction */
} printer;

/* --- which elements --------------------------------------------------------------- */

/* Positions along dim are shown but for the gap [*begin, *end). */
static void gap(const printer *p, size_t dim, size_t *begin, size_t *end) {
  size_t n = p->x->shape[dim], edge = dim + 2 < p->x->ndim ? p->outer_edge : p->edge;
  bool cut = p->cut && (n - 1) / 2 > edge; /* a gap of one is not a gain */
  *begin = cut ? edge : n;
  *end = cut ? n - edge : n;
}

static const char *element_at(const printer *p, size_t dim, const char *data, size_t i) {
  return data + (ptrdiff_t)i * p->x->strides[dim] * (ptrdiff_t)rm_dtype_size(p->x->dtype);
}

typedef void (*visitor)(printer *p, const char *element);

static void each_shown(printer *p, size_t dim, const char *data, visitor visit) {
  if (dim == p->x->ndim) {
    visit(p, data);
    return;
  }
  size_t begin, end;
  gap(p, dim, &begin, &end);
  for (size_t i = 0; i < p->x->shape[dim]; i++) {
    if (i == begin) i = end;
    if (i < p->x->shape[dim]) each_shown(p, dim + 1, element_at(p, dim, data, i), visit);
  }
}

/* --- one format for all ------------------------------------------------------------- */

static double value_of(const printer *p, const char *element) {
  if (p->x->dtype == RM_FLOAT32) return *(const float *)element;
  return p->x->dtype == RM_UINT8 ? *(const uint8_t *)element : (double)*(const int64_t *)element;
}

static void look_at(printer *p, const char *element) {
  double v = fabs(value_of(p, element));
  if (!isfinite(v)) return;
  if (v != floor(v)) p->whole = false;
  if (v > p->largest) p->largest = v;
}

static int number_text(const printer *p, const char *element, char text[NUMBER_TEXT]) {
  if (p->x->dtype == RM_INT64) return snprintf(text, NUMBER_TEXT, "%lld", (long long)*(const int64_t *)element);
  if (p->x->dtype == RM_UINT8) return snprintf(text, NUMBER_TEXT, "%d", *(const uint8_t *)element);
  double v = *(const float *)element;
  if (isnan(v)) return snprintf(text, NUMBER_TEXT, "nan");
  if (isinf(v)) return snprintf(text, NUMBER_TEXT, v < 0 ? "-inf" : "inf");
  switch (p->notation) {
    case WHOLE: return snprintf(text, NUMBER_TEXT, "%.0f.", v);
    case DECIMAL: return snprintf(text, NUMBER_TEXT, "%.*f", p->digits, v);
    default: return snprintf(text, NUMBER_TEXT, "%.*e", p->digits, v);
  }
}

static void measure(printer *p, const char *element) {
  char text[NUMBER_TEXT];
  size_t width = (size_t)number_text(p, element, text);
  if (width > p->width) p->width = width;
}

static void choose_format(printer *p) {
  p->largest = 0;
  p->whole = true;
  each_shown(p, 0, rm_tensor_data(p->x), look_at);
  if (p->whole && p->largest < 1e8) p->notation = WHOLE;
  else p->notation = p->largest < 1e5 && p->largest >= 1e-3 ? DECIMAL : EXPONENT;
  each_shown(p, 0, rm_tensor_data(p->x), measure);
}

/* --- writing ---------------------------------------------------------------------------- */

static void add_spaces(printer *p, size_t n) {
  while (n-- > 0) luaL_addchar(&p->out, ' ');
}

static void add_number(printer *p, const char *element) {
  char text[NUMBER_TEXT];
  size_t length = (size_t)number_text(p, element, text);
  add_spaces(p, p->width - length);
  luaL_addlstring(&p->out, text, length);
}

/* The last dimension: "[1., 2., 3.]", as many numbers to a line as fit. */
static void add_row(printer *p, size_t dim, const char *data) {
  size_t begin, end, n = p->x->shape[dim], on_line = 0;
  size_t indent = dim + 1, fit = p->line > indent ? (p->line - indent) / (p->width + 2) : 0;
  gap(p, dim, &begin, &end);
  luaL_addchar(&p->out, '[');
  for (size_t i = 0; i < n; i++) {
    bool full = on_line >= fit && on_line > 0;
    if (i > 0) luaL_addstring(&p->out, full ? ",\n" : ", ");
    if (full) add_spaces(p, indent);
    on_line = full ? 1 : on_line + 1;
    if (i == begin) {
      luaL_addstring(&p->out, "...");
      i = end - 1;
    } else {
      add_number(p, element_at(p, dim, data, i));
    }
  }
  luaL_addchar(&p->out, ']');
}

static void new_line(printer *p, size_t dim) {
  for (size_t d = dim + 1; d < p->x->ndim; d++) luaL_addchar(&p->out, '\n');
  add_spaces(p, dim + 1);
}

static void add_dimension(printer *p, size_t dim, const char *data) {
  if (dim == p->x->ndim) {
    add_number(p, data);
    return;
  }
  if (dim + 1 == p->x->ndim) {
    add_row(p, dim, data);
    return;
  }
  size_t begin, end, n = p->x->shape[dim];
  gap(p, dim, &begin, &end);
  luaL_addchar(&p->out, '[');
  for (size_t i = 0; i < n; i++) {
    if (i > 0) {
      luaL_addchar(&p->out, ',');
      new_line(p, dim);
    }
    if (i == begin) {
      luaL_addstring(&p->out, "...");
      i = end - 1;
    } else {
      add_dimension(p, dim + 1, element_at(p, dim, data, i));
    }
  }
  luaL_addchar(&p->out, ']');
}

/* "float32 (2, 3), requires_grad" */
static void add_description(printer *p) {
  const rm_tensor *x = p->x;
  char text[RM_SHAPE_TEXT];
  luaL_addstring(&p->out, rm_dtype_name(x->dtype));
  luaL_addchar(&p->out, ' ');
  luaL_addstring(&p->out, rm_tensor_text(x, text));
  if (x->node) {
    luaL_addstring(&p->out, ", op ");
    luaL_addstring(&p->out, rm_node_name(x->node));
  } else if (x->requires_grad) {
    luaL_addstring(&p->out, ", requires_grad");
  }
}

/* Pushes the text of the tensor at stack index 1; options (or nothing) at 2. */
static int push_text(lua_State *L, int options) {
  printer p = {.x = bind_checktensor(L, 1)};
  size_t threshold = bind_optsize(L, options, "threshold", 1000);
  size_t digits = bind_optsize(L, options, "precision", 4);
  p.cut = p.x->numel > threshold;
  p.edge = bind_optsize(L, options, "edge", 3);
  p.outer_edge = bind_optsize(L, options, "edge", 1);
  p.line = bind_optsize(L, options, "width", 80);
  if (p.edge < 1 || digits > MOST_DIGITS)
    return bind_error(L, "format: edge must be at least 1 and precision at most %d", MOST_DIGITS);
  p.digits = (int)digits;
  luaL_buffinit(L, &p.out);
  if (p.x->numel == 0) {
    luaL_addstring(&p.out, "[]  ");
  } else {
    choose_format(&p);
    add_dimension(&p, 0, rm_tensor_data(p.x));
    bool lines = memchr(luaL_buffaddr(&p.out), '\n', luaL_bufflen(&p.out)) != NULL;
    luaL_addstring(&p.out, lines ? "\n" : "  ");
  }
  add_description(&p);
  luaL_pushresult(&p.out);
  return 1;
}

static int tensor_tostring(lua_State *L) {
  lua_settop(L, 1);
  return push_text(L, 2);
}

/* The text that printing a tensor gives, with limits of your own.
 * Call: rm.format(x, {precision = 4, edge = 3, threshold = 1000, width = 80}) -> string
 * Shapes: any.
 * Options: precision  digits behind the decimal point
 *  edge       positions shown at both ends of a dimension that is cut
 *  threshold  elements from which on it is cut
 *  width      columns of a line
 * Errors: an unknown option; edge below 1, precision above 30.
 * Example:
 *   > rm.format(rm.tensor {1/3, 2/3}, {precision = 2})
 *   [0.33, 0.67]  float32 (2) */
static int core_format(lua_State *L) {
  static const char *const names[] = {"precision", "edge", "threshold", "width", NULL};
  lua_settop(L, 2);
  bind_checkoptions(L, 2, "format", names);
  return push_text(L, 2);
}

void bind_open_print(lua_State *L) {
  static const luaL_Reg methods[] = {{"__tostring", tensor_tostring}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"format", core_format}, {NULL, NULL}};
  bind_register(L, methods, functions);
}
