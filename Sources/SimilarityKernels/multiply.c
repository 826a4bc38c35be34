#include "paths.h"

#include <string.h>

/// How many rows and columns of the product a path keeps in registers: most of its registers, so that each operand that
/// is loaded serves many multiply-adds.
enum {
  portable_rows = 4,
  portable_columns = 8,
  neon_rows = 8,
  neon_vectors = 2,
  neon_lanes = 4,
  avx2_rows = 6,
  avx2_vectors = 2,
  avx2_lanes = 8,
  avx512_rows = 14,
  avx512_vectors = 2,
  avx512_lanes = 16,
};

bool sk_path_is_available(sk_path path) {
  switch (path) {
    case sk_path_portable: return true;
    case sk_path_neon: return SK_HAS_NEON;
#if SK_HAS_AVX
    case sk_path_avx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case sk_path_avx512:
      return sk_path_is_available(sk_path_avx2) && __builtin_cpu_supports("avx512f")
          && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
          && __builtin_cpu_supports("avx512vl");
#endif
    default: return false;
  }
}

sk_path sk_fastest_path(void) {
  for (int path = sk_path_count - 1; path > 0; path -= 1) {
    if (sk_path_is_available((sk_path)path)) return (sk_path)path;
  }
  return sk_path_portable;
}

sk_panel sk_panel_of(sk_path path) {
  switch (path) {
    case sk_path_neon: return (sk_panel){neon_rows, neon_vectors * neon_lanes};
    case sk_path_avx2: return (sk_panel){avx2_rows, avx2_vectors * avx2_lanes};
    case sk_path_avx512: return (sk_panel){avx512_rows, avx512_vectors * avx512_lanes};
    default: return (sk_panel){portable_rows, portable_columns};
  }
}

/// Multiplies one left panel by one right panel.
typedef void (*panel_product)(const float *left, const float *right, int64_t rows, int64_t columns, int64_t depth,
                              double *product, int64_t stride);

/// a * b + c, rounded once, on a processor that cannot do so itself (Boldo & Melquiond 2008: the double sum, rounded to
/// odd, rounds to the same single).
static inline float fused(float a, float b, float c) {
  double exact = (double)a * (double)b;
  double sum = exact + (double)c;
  double part = sum - exact;
  double lost = (exact - (sum - part)) + ((double)c - part);
  uint64_t bits;
  memcpy(&bits, &sum, sizeof bits);
  if (lost != 0 && (bits & 1) == 0) bits += ((lost > 0) == (sum > 0)) ? 1 : (uint64_t)-1;
  memcpy(&sum, &bits, sizeof bits);
  return (float)sum;
}

static void multiply_portable(const float *left, const float *right, int64_t rows, int64_t columns, int64_t depth,
                              double *product, int64_t stride) {
  float sums[portable_rows][portable_columns] = {{0}};
  for (int64_t k = 0; k < depth; k += 1) {
    for (int row = 0; row < portable_rows; row += 1) {
      for (int column = 0; column < portable_columns; column += 1) {
        sums[row][column] = fused(left[row], right[column], sums[row][column]);
      }
    }
    left += portable_rows;
    right += portable_columns;
  }
  for (int64_t row = 0; row < rows; row += 1) {
    for (int64_t column = 0; column < columns; column += 1) {
      product[row * stride + column] += (double)sums[row][column];
    }
  }
}

/// Defines the product of two panels for a path with fused multiply-add.
#define DEFINE_PANEL_PRODUCT(NAME, TARGET, ROWS, VECTORS, LANES)                                                       \
  typedef float NAME##_vector __attribute__((ext_vector_type(LANES), aligned(4)));                                     \
  typedef double NAME##_wide __attribute__((ext_vector_type(LANES), aligned(8)));                                      \
  TARGET static void NAME(const float *left, const float *right, int64_t rows, int64_t columns, int64_t depth,        \
                          double *product, int64_t stride) {                                                           \
    NAME##_vector sums[ROWS][VECTORS];                                                                                 \
    _Pragma("clang loop unroll(full)") for (int row = 0; row < ROWS; row += 1) {                                      \
      _Pragma("clang loop unroll(full)") for (int v = 0; v < VECTORS; v += 1) sums[row][v] = 0;                       \
    }                                                                                                                  \
    for (int64_t k = 0; k < depth; k += 1) {                                                                           \
      NAME##_vector operand[VECTORS];                                                                                  \
      _Pragma("clang loop unroll(full)") for (int v = 0; v < VECTORS; v += 1) {                                       \
        operand[v] = *(const NAME##_vector *)(right + v * LANES);                                                      \
      }                                                                                                                \
      _Pragma("clang loop unroll(full)") for (int row = 0; row < ROWS; row += 1) {                                    \
        NAME##_vector factor = left[row];                                                                              \
        _Pragma("clang loop unroll(full)") for (int v = 0; v < VECTORS; v += 1) {                                     \
          sums[row][v] = __builtin_elementwise_fma(factor, operand[v], sums[row][v]);                                  \
        }                                                                                                              \
      }                                                                                                                \
      left += ROWS;                                                                                                    \
      right += VECTORS * LANES;                                                                                        \
    }                                                                                                                  \
    if (rows == ROWS && columns == VECTORS * LANES) {                                                                  \
      _Pragma("clang loop unroll(full)") for (int row = 0; row < ROWS; row += 1) {                                    \
        _Pragma("clang loop unroll(full)") for (int v = 0; v < VECTORS; v += 1) {                                     \
          NAME##_wide *target = (NAME##_wide *)(product + row * stride + v * LANES);                                   \
          *target += __builtin_convertvector(sums[row][v], NAME##_wide);                                               \
        }                                                                                                              \
      }                                                                                                                \
      return;                                                                                                          \
    }                                                                                                                  \
    float edge[ROWS][VECTORS * LANES];                                                                                 \
    _Pragma("clang loop unroll(full)") for (int row = 0; row < ROWS; row += 1) {                                      \
      _Pragma("clang loop unroll(full)") for (int v = 0; v < VECTORS; v += 1) {                                       \
        *(NAME##_vector *)(&edge[row][v * LANES]) = sums[row][v];                                                      \
      }                                                                                                                \
    }                                                                                                                  \
    for (int64_t row = 0; row < rows; row += 1) {                                                                      \
      for (int64_t column = 0; column < columns; column += 1) {                                                        \
        product[row * stride + column] += (double)edge[row][column];                                                   \
      }                                                                                                                \
    }                                                                                                                  \
  }

#if SK_HAS_NEON
DEFINE_PANEL_PRODUCT(multiply_neon, , neon_rows, neon_vectors, neon_lanes)
#endif
#if SK_HAS_AVX
DEFINE_PANEL_PRODUCT(multiply_avx2, SK_AVX2, avx2_rows, avx2_vectors, avx2_lanes)
DEFINE_PANEL_PRODUCT(multiply_avx512, SK_AVX512, avx512_rows, avx512_vectors, avx512_lanes)
#endif

static panel_product product_of(sk_path path) {
  switch (path) {
#if SK_HAS_NEON
    case sk_path_neon: return multiply_neon;
#endif
#if SK_HAS_AVX
    case sk_path_avx2: return multiply_avx2;
    case sk_path_avx512: return multiply_avx512;
#endif
    default: return multiply_portable;
  }
}

void sk_multiply(sk_path path, const float *left, const float *right, int64_t rows, int64_t columns, int64_t depth,
                 double *product, int64_t stride, bool upper_only) {
  sk_panel panel = sk_panel_of(path);
  panel_product multiply = product_of(path);
  // A right panel stays in the nearest cache while all left panels stream past it.
  for (int64_t column = 0; column < columns; column += panel.columns) {
    int64_t width = columns - column < panel.columns ? columns - column : panel.columns;
    int64_t last_row = upper_only && column + width < rows ? column + width : rows;
    for (int64_t row = 0; row < last_row; row += panel.rows) {
      int64_t height = rows - row < panel.rows ? rows - row : panel.rows;
      multiply(left + row * depth, right + column * depth, height, width, depth, product + row * stride + column,
               stride);
    }
  }
}

void sk_pack_rows(const float *rows, int64_t row_stride, int64_t count, int64_t depth, int64_t width, float *panels) {
  for (int64_t first = 0; first < count; first += width) {
    int64_t height = count - first < width ? count - first : width;
    float *panel = panels + first * depth;
    if (height < width) memset(panel, 0, sizeof(float) * (size_t)(width * depth));
    // Short runs of the depth, so that the lines written by one row are still near when the next row fills them.
    for (int64_t begin = 0; begin < depth; begin += 16) {
      int64_t end = depth - begin < 16 ? depth : begin + 16;
      for (int64_t row = 0; row < height; row += 1) {
        const float *source = rows + (first + row) * row_stride;
        for (int64_t k = begin; k < end; k += 1) panel[k * width + row] = source[k];
      }
    }
  }
}

void sk_pack_columns(const float *rows, int64_t row_stride, int64_t count, int64_t depth, int64_t width,
                     float *panels) {
  for (int64_t first = 0; first < count; first += width) {
    int64_t height = count - first < width ? count - first : width;
    float *panel = panels + first * depth;
    for (int64_t k = 0; k < depth; k += 1) {
      memcpy(panel + k * width, rows + k * row_stride + first, sizeof(float) * (size_t)height);
      if (height < width) memset(panel + k * width + height, 0, sizeof(float) * (size_t)(width - height));
    }
  }
}
