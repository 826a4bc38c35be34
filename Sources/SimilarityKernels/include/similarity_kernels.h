/// Arithmetic on blocks of representations: matrix products in single precision, sums in double precision.
///
/// Every path gives the same bits: an element of a product is one chain of fused multiply-adds in the order of the
/// depth, whatever the width of the vectors, and sums run in eight fixed lanes. A processor without fused multiply-add
/// computes the same by exact double arithmetic, many times slower. Nothing here allocates, and pointers need no
/// alignment beyond their element's.

#ifndef SIMILARITY_KERNELS_H
#define SIMILARITY_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

/// Products of at most this many terms are summed in single precision, longer ones by double sums of such.
enum { sk_maximum_depth = 256 };

/// Which instructions do the work.
typedef enum {
  sk_path_portable = 0,
  sk_path_neon = 1,
  sk_path_avx2 = 2,
  sk_path_avx512 = 3,
} sk_path;

enum { sk_path_count = 4 };

/// Whether this build and this processor have the path.
bool sk_path_is_available(sk_path path);

/// The fastest path that is available.
sk_path sk_fastest_path(void);

/// The layout of packed operands for a path: the rows of a panel of the left operand and the columns of one of the
/// right.
typedef struct {
  int64_t rows;
  int64_t columns;
} sk_panel;

sk_panel sk_panel_of(sk_path path);

/// How an element is stored.
typedef enum {
  sk_element_float16 = 0,
  sk_element_float32 = 1,
  sk_element_float64 = 2,
} sk_element;

/// A row-major matrix as it lies in memory; `bytes` need not be aligned.
typedef struct {
  const void *bytes;
  int64_t column_count;
  sk_element element;
  /// The bytes of an element are in the other order than this machine's.
  bool is_swapped;
} sk_matrix;

/// Widens `count` elements of one row, from `column` on.
void sk_widen(sk_matrix matrix, int64_t row, int64_t column, int64_t count, double *values);

/// Adds the rows `first ..< last`, less `origin`, to `column_sums`, and gives the largest magnitude of a difference;
/// NaN when any difference is not finite. `scratch` holds `column_count` doubles.
double sk_scan(sk_path path, sk_matrix matrix, int64_t first, int64_t last, const double *origin, double *column_sums,
               double *scratch);

/// Writes `(element - shift[column]) * scale`, rounded to single precision, of one row, for columns
/// `column ..< column + count`; the shift is that of column 0 on. `scratch` holds `count` doubles.
void sk_center(sk_path path, sk_matrix matrix, int64_t row, int64_t column, int64_t count, const double *shift,
               double scale, float *values, double *scratch);

/// Packs `count` rows of `depth` elements into panels `width` wide: element k of row i goes to
/// `[i / width][k][i % width]`; the last panel is filled with zeros.
void sk_pack_rows(const float *rows, int64_t row_stride, int64_t count, int64_t depth, int64_t width, float *panels);

/// The same from the transpose: `depth` rows of `count` elements.
void sk_pack_columns(const float *rows, int64_t row_stride, int64_t count, int64_t depth, int64_t width, float *panels);

/// Adds the product of a packed left and a packed right operand to `product`, `rows` x `columns` with `stride` doubles
/// from row to row. `depth` is at most `sk_maximum_depth`.
///
/// With `upper_only`, elements left of the diagonal may or may not be added to.
void sk_multiply(sk_path path, const float *left, const float *right, int64_t rows, int64_t columns, int64_t depth,
                 double *product, int64_t stride, bool upper_only);

/// Turns inner products into `exp(-rate * squared distance)` for one row: `products[c]` with a point of squared length
/// `row_norm` and points of squared lengths `column_norms[c]`. A negative squared distance counts as 0.
void sk_gaussian(sk_path path, double *products, int64_t count, double row_norm, const double *column_norms,
                 double rate);

/// The same, giving the squared distances.
void sk_squared_distances(sk_path path, double *products, int64_t count, double row_norm, const double *column_norms);

/// Adds the inner products of all pairs `i <= j` of `count` rows, each `length` long and the first at `rows`, the next
/// `stride` doubles on, to eight lanes a pair: `lanes[8 * pair]`, pairs by rising i, then j.
void sk_add_pair_products(sk_path path, const double *rows, int64_t stride, int64_t count, int64_t length,
                          double *lanes);

/// Adds a row to `column_sums` and gives its sum.
double sk_add_row(sk_path path, const double *row, int64_t length, double *column_sums);

/// The sum of the squares of a row, exact products in eight lanes of double precision.
double sk_sum_of_squares(sk_path path, const float *row, int64_t length);

#endif
