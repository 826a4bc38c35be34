#include "paths.h"

#include <string.h>

/// The value of an IEEE half, without any instruction for it.
SK_BODY double widen_half(uint16_t half) {
  // The exponent and fraction of a half, moved to a single's place, are a single 2^112 times too small; subnormal
  // halves come out right as well. An exponent of all ones must become all ones again.
  uint32_t magnitude = (uint32_t)(half & 0x7FFF) << 13;
  uint32_t special = (half & 0x7C00) == 0x7C00 ? 0x7F800000u : 0;
  float value;
  memcpy(&value, &magnitude, sizeof value);
  value *= 0x1p112f;
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  bits |= special | (uint32_t)(half & 0x8000) << 16;
  memcpy(&value, &bits, sizeof value);
  return (double)value;
}

SK_BODY void widen(sk_matrix matrix, int64_t row, int64_t column, int64_t count, double *values) {
  int64_t offset = row * matrix.column_count + column;
  const char *bytes = matrix.bytes;
  switch (matrix.element) {
    case sk_element_float16:
      for (int64_t i = 0; i < count; i += 1) {
        uint16_t bits;
        memcpy(&bits, bytes + 2 * (offset + i), sizeof bits);
        values[i] = widen_half(matrix.is_swapped ? __builtin_bswap16(bits) : bits);
      }
      break;
    case sk_element_float32:
      for (int64_t i = 0; i < count; i += 1) {
        uint32_t bits;
        memcpy(&bits, bytes + 4 * (offset + i), sizeof bits);
        if (matrix.is_swapped) bits = __builtin_bswap32(bits);
        float value;
        memcpy(&value, &bits, sizeof value);
        values[i] = (double)value;
      }
      break;
    case sk_element_float64:
      for (int64_t i = 0; i < count; i += 1) {
        uint64_t bits;
        memcpy(&bits, bytes + 8 * (offset + i), sizeof bits);
        if (matrix.is_swapped) bits = __builtin_bswap64(bits);
        memcpy(&values[i], &bits, sizeof bits);
      }
      break;
  }
}

SK_BODY double scan(sk_matrix matrix, int64_t first, int64_t last, const double *origin, double *column_sums,
                    double *scratch) {
  int64_t count = matrix.column_count;
  double largest[8] = {0};
  double lost[8] = {0};
  for (int64_t row = first; row < last; row += 1) {
    widen(matrix, row, 0, count, scratch);
    for (int64_t i = 0; i < count; i += 1) {
      scratch[i] -= origin[i];
      column_sums[i] += scratch[i];
    }
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
      for (int lane = 0; lane < 8; lane += 1) {
        double magnitude = __builtin_fabs(scratch[i + lane]);
        largest[lane] = magnitude > largest[lane] ? magnitude : largest[lane];
        // 0 for a finite difference, NaN for any other.
        lost[lane] += scratch[i + lane] - scratch[i + lane];
      }
    }
    for (; i < count; i += 1) {
      double magnitude = __builtin_fabs(scratch[i]);
      largest[0] = magnitude > largest[0] ? magnitude : largest[0];
      lost[0] += scratch[i] - scratch[i];
    }
  }
  double result = 0, missing = 0;
  for (int lane = 0; lane < 8; lane += 1) {
    result = largest[lane] > result ? largest[lane] : result;
    missing += lost[lane];
  }
  return result + missing;
}

SK_BODY void center(sk_matrix matrix, int64_t row, int64_t column, int64_t count, const double *shift, double scale,
                    float *values, double *scratch) {
  widen(matrix, row, column, count, scratch);
  for (int64_t i = 0; i < count; i += 1) values[i] = (float)((scratch[i] - shift[column + i]) * scale);
}

void sk_widen(sk_matrix matrix, int64_t row, int64_t column, int64_t count, double *values) {
  widen(matrix, row, column, count, values);
}

#define SCAN_PARAMETERS                                                                                                \
  (sk_matrix matrix, int64_t first, int64_t last, const double *origin, double *column_sums, double *scratch)
#define SCAN_ARGUMENTS (matrix, first, last, origin, column_sums, scratch)
#define CENTER_PARAMETERS                                                                                              \
  (sk_matrix matrix, int64_t row, int64_t column, int64_t count, const double *shift, double scale, float *values,    \
   double *scratch)
#define CENTER_ARGUMENTS (matrix, row, column, count, shift, scale, values, scratch)

#if SK_HAS_AVX
SK_AVX2 static double scan_avx2 SCAN_PARAMETERS { return scan SCAN_ARGUMENTS; }
SK_AVX512 static double scan_avx512 SCAN_PARAMETERS { return scan SCAN_ARGUMENTS; }
SK_AVX2 static void center_avx2 CENTER_PARAMETERS { center CENTER_ARGUMENTS; }
SK_AVX512 static void center_avx512 CENTER_PARAMETERS { center CENTER_ARGUMENTS; }
#endif

double sk_scan(sk_path path, sk_matrix matrix, int64_t first, int64_t last, const double *origin, double *column_sums,
               double *scratch) {
#if SK_HAS_AVX
  if (path == sk_path_avx512) return scan_avx512 SCAN_ARGUMENTS;
  if (path == sk_path_avx2) return scan_avx2 SCAN_ARGUMENTS;
#endif
  (void)path;
  return scan SCAN_ARGUMENTS;
}

void sk_center(sk_path path, sk_matrix matrix, int64_t row, int64_t column, int64_t count, const double *shift,
               double scale, float *values, double *scratch) {
#if SK_HAS_AVX
  if (path == sk_path_avx512) return center_avx512 CENTER_ARGUMENTS;
  if (path == sk_path_avx2) return center_avx2 CENTER_ARGUMENTS;
#endif
  (void)path;
  center CENTER_ARGUMENTS;
}
