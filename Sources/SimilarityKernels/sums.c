#include "paths.h"

#include <string.h>

/// Rows are summed eight elements at a time and then over what is left, each element in the lane of its place.
#define LANES 8

SK_BODY void squared_distances(double *products, int64_t count, double row_norm, const double *column_norms) {
  for (int64_t i = 0; i < count; i += 1) {
    double distance = (row_norm + column_norms[i]) - 2 * products[i];
    products[i] = distance > 0 ? distance : 0;
  }
}

/// exp(x) for x <= 0, to 1 unit in the last place or two; 0 below -708.
///
/// 2^n exp(r) with |r| <= ln 2 / 2, and exp(r) by its series to the thirteenth power, whose rest is below 2^-58.
SK_BODY double exponential(double x) {
  const double round = 0x1.8p52;
  double clamped = x > -708 ? x : -708;
  double shifted = clamped * 0x1.71547652b82fep0 + round;
  double whole = shifted - round;
  double r = (clamped - whole * 0x1.62e42fee00000p-1) - whole * 0x1.a39ef35793c76p-33;
  double series = 1.0 / 6227020800;
  series = series * r + 1.0 / 479001600;
  series = series * r + 1.0 / 39916800;
  series = series * r + 1.0 / 3628800;
  series = series * r + 1.0 / 362880;
  series = series * r + 1.0 / 40320;
  series = series * r + 1.0 / 5040;
  series = series * r + 1.0 / 720;
  series = series * r + 1.0 / 120;
  series = series * r + 1.0 / 24;
  series = series * r + 1.0 / 6;
  series = series * r + 0.5;
  series = series * r + 1;
  series = series * r + 1;
  // The low bits of the shifted number are n in two's complement.
  uint64_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + 1023) << 52;
  double power;
  memcpy(&power, &bits, sizeof power);
  return x > -708 ? series * power : 0;
}

SK_BODY void gaussian(double *products, int64_t count, double row_norm, const double *column_norms, double rate) {
  squared_distances(products, count, row_norm, column_norms);
  for (int64_t i = 0; i < count; i += 1) products[i] = exponential(-rate * products[i]);
}

SK_BODY void add_pair_products(const double *rows, int64_t stride, int64_t count, int64_t length, double *lanes) {
  for (int64_t i = 0; i < count; i += 1) {
    const double *left = rows + i * stride;
    for (int64_t j = i; j < count; j += 1) {
      const double *right = rows + j * stride;
      sk_double8 sum = *(const sk_double8 *)lanes;
      int64_t k = 0;
      for (; k + LANES <= length; k += LANES) {
        sum += *(const sk_double8 *)(left + k) * *(const sk_double8 *)(right + k);
      }
      *(sk_double8 *)lanes = sum;
      for (int64_t lane = 0; k + lane < length; lane += 1) lanes[lane] += left[k + lane] * right[k + lane];
      lanes += LANES;
    }
  }
}

SK_BODY double total(const double *lanes) {
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

SK_BODY double add_row(const double *row, int64_t length, double *column_sums) {
  double lanes[LANES] = {0};
  int64_t k = 0;
  for (; k + LANES <= length; k += LANES) {
    *(sk_double8 *)lanes += *(const sk_double8 *)(row + k);
    *(sk_double8 *)(column_sums + k) += *(const sk_double8 *)(row + k);
  }
  for (int64_t lane = 0; k + lane < length; lane += 1) {
    lanes[lane] += row[k + lane];
    column_sums[k + lane] += row[k + lane];
  }
  return total(lanes);
}

SK_BODY double sum_of_squares(const float *row, int64_t length) {
  double lanes[LANES] = {0};
  int64_t k = 0;
  for (; k + LANES <= length; k += LANES) {
    sk_double8 wide = __builtin_convertvector(*(const sk_float8 *)(row + k), sk_double8);
    *(sk_double8 *)lanes += wide * wide;
  }
  for (int64_t lane = 0; k + lane < length; lane += 1) lanes[lane] += (double)row[k + lane] * (double)row[k + lane];
  return total(lanes);
}

/// Defines a function of the interface as a choice between one body inlined for each target.
#if SK_HAS_AVX
#define DEFINE(RESULT, NAME, PARAMETERS, ARGUMENTS)                                                                    \
  SK_AVX2 static RESULT NAME##_avx2 PARAMETERS { return NAME ARGUMENTS; }                                             \
  SK_AVX512 static RESULT NAME##_avx512 PARAMETERS { return NAME ARGUMENTS; }                                         \
  static RESULT NAME##_plain PARAMETERS { return NAME ARGUMENTS; }                                                    \
  static RESULT (*NAME##_for(sk_path path)) PARAMETERS {                                                               \
    return path == sk_path_avx512 ? NAME##_avx512 : path == sk_path_avx2 ? NAME##_avx2 : NAME##_plain;                \
  }
#else
#define DEFINE(RESULT, NAME, PARAMETERS, ARGUMENTS)                                                                    \
  static RESULT NAME##_plain PARAMETERS { return NAME ARGUMENTS; }                                                    \
  static RESULT (*NAME##_for(sk_path path)) PARAMETERS {                                                               \
    (void)path;                                                                                                        \
    return NAME##_plain;                                                                                               \
  }
#endif

DEFINE(void, squared_distances, (double *products, int64_t count, double row_norm, const double *column_norms),
       (products, count, row_norm, column_norms))
DEFINE(void, gaussian, (double *products, int64_t count, double row_norm, const double *column_norms, double rate),
       (products, count, row_norm, column_norms, rate))
DEFINE(void, add_pair_products,
       (const double *rows, int64_t stride, int64_t count, int64_t length, double *lanes),
       (rows, stride, count, length, lanes))
DEFINE(double, add_row, (const double *row, int64_t length, double *column_sums), (row, length, column_sums))
DEFINE(double, sum_of_squares, (const float *row, int64_t length), (row, length))

void sk_squared_distances(sk_path path, double *products, int64_t count, double row_norm, const double *column_norms) {
  squared_distances_for(path)(products, count, row_norm, column_norms);
}

void sk_gaussian(sk_path path, double *products, int64_t count, double row_norm, const double *column_norms,
                 double rate) {
  gaussian_for(path)(products, count, row_norm, column_norms, rate);
}

void sk_add_pair_products(sk_path path, const double *rows, int64_t stride, int64_t count, int64_t length,
                          double *lanes) {
  add_pair_products_for(path)(rows, stride, count, length, lanes);
}

double sk_add_row(sk_path path, const double *row, int64_t length, double *column_sums) {
  return add_row_for(path)(row, length, column_sums);
}

double sk_sum_of_squares(sk_path path, const float *row, int64_t length) {
  return sum_of_squares_for(path)(row, length);
}
