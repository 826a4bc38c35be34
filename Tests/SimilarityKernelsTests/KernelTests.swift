import Basics
import SimilarityKernels
import Testing

/// Every path that this processor has against the portable one, bit for bit, and that one against exact sums.
@Suite struct KernelTests {
  static let paths = (1..<UInt32(sk_path_count)).map { sk_path($0) }.filter(sk_path_is_available)

  /// Small whole numbers of both signs times powers of two: sums round, and differently in another order.
  private static func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SplitMix64(seed: seed)
    return (0..<count).map { _ in Float.random(in: -2...2, using: &generator) }
  }

  /// The product of rows x depth and depth x columns by one path.
  private static func product(
    _ path: sk_path, _ left: [Float], _ right: [Float], _ rows: Int, _ columns: Int, _ depth: Int,
    fromTranspose: Bool = false, upperOnly: Bool = false
  ) -> [Double] {
    let panel = sk_panel_of(path)
    var packedLeft = [Float](repeating: .nan, count: (rows + Int(panel.rows)) * depth)
    var packedRight = [Float](repeating: .nan, count: (columns + Int(panel.columns)) * depth)
    sk_pack_rows(left, Int64(depth), Int64(rows), Int64(depth), panel.rows, &packedLeft)
    if fromTranspose {
      let transpose = (0..<depth).flatMap { k in (0..<columns).map { right[$0 * depth + k] } }
      sk_pack_columns(transpose, Int64(columns), Int64(columns), Int64(depth), panel.columns, &packedRight)
    } else {
      sk_pack_rows(right, Int64(depth), Int64(columns), Int64(depth), panel.columns, &packedRight)
    }
    var product = [Double](repeating: 0.5, count: rows * columns)
    sk_multiply(
      path, packedLeft, packedRight, Int64(rows), Int64(columns), Int64(depth), &product, Int64(columns), upperOnly)
    return product
  }

  private static let sizes = [(1, 1, 1), (7, 5, 3), (14, 32, 256), (33, 70, 100), (61, 97, 255), (4, 8, 17)]

  @Test(arguments: paths) func productsHaveTheSameBitsOnEveryPath(_ path: sk_path) {
    for (index, (rows, columns, depth)) in Self.sizes.enumerated() {
      let left = Self.numbers(rows * depth, seed: UInt64(index))
      let right = Self.numbers(columns * depth, seed: UInt64(100 + index))
      let portable = Self.product(sk_path_portable, left, right, rows, columns, depth)
      #expect(Self.product(path, left, right, rows, columns, depth) == portable)
      #expect(Self.product(path, left, right, rows, columns, depth, fromTranspose: true) == portable)
      let upper = Self.product(path, left, right, rows, columns, depth, upperOnly: true)
      for row in 0..<rows {
        for column in min(row, columns)..<columns {
          #expect(upper[row * columns + column] == portable[row * columns + column])
        }
      }
    }
  }

  /// The chain of fused multiply-adds, which the portable path computes without any.
  @Test func thePortableProductRoundsOnceAStep() {
    for (index, (rows, columns, depth)) in Self.sizes.enumerated() {
      let left = Self.numbers(rows * depth, seed: UInt64(index))
      let right = Self.numbers(columns * depth, seed: UInt64(100 + index))
      let portable = Self.product(sk_path_portable, left, right, rows, columns, depth)
      for row in 0..<rows {
        for column in 0..<columns {
          var sum: Float = 0
          for k in 0..<depth { sum.addProduct(left[row * depth + k], right[column * depth + k]) }
          #expect(portable[row * columns + column] == 0.5 + Double(sum))
        }
      }
    }
  }

  /// Where rounding twice would show: the double sum falls between two singles, or next to their middle.
  @Test func thePortableMultiplyAddRoundsAsTheFusedOne() {
    var generator = SplitMix64(seed: 7)
    for _ in 0..<20_000 {
      let exponent = Int.random(in: -60...60, using: &generator)
      func number(_ exponent: Int) -> Float {
        let significand = 1 + Float(UInt32.random(in: 0..<8, using: &generator)) * 0x1p-23
        return Float(
          sign: Bool.random(using: &generator) ? .plus : .minus, exponent: exponent, significand: significand)
      }
      let left = [number(exponent), 1]
      let right = [number(-exponent), number(Int.random(in: -50...50, using: &generator))]
      let sum = Self.product(sk_path_portable, left, right, 1, 1, 2)
      var expected = left[0] * right[0]
      expected.addProduct(left[1], right[1])
      #expect(sum == [0.5 + Double(expected)])
    }
  }

  @Test(arguments: paths) func sumsHaveTheSameBitsOnEveryPath(_ path: sk_path) {
    for length in [1, 7, 8, 31, 256] {
      let floats = Self.numbers(3 * length, seed: UInt64(length))
      let rows = floats.map { Double($0) * 1.1 }
      func run(_ path: sk_path) -> [[Double]] {
        var lanes = [Double](repeating: 0.25, count: 8 * 6)
        sk_add_pair_products(path, rows, Int64(length), 3, Int64(length), &lanes)
        var columns = [Double](repeating: 1, count: length)
        let sum = sk_add_row(path, rows, Int64(length), &columns)
        let squares = sk_sum_of_squares(path, floats, Int64(length))
        var kernel = Array(rows[..<length])
        let norms = rows[..<length].map(abs)
        sk_gaussian(path, &kernel, Int64(length), 1.5, norms, 0.75)
        var distances = Array(rows[..<length])
        sk_squared_distances(path, &distances, Int64(length), 1.5, norms)
        return [lanes, columns, [sum, squares], kernel, distances]
      }
      #expect(run(path) == run(sk_path_portable))
    }
  }

  @Test(arguments: paths) func centeringHasTheSameBitsOnEveryPath(_ path: sk_path) {
    for element in [sk_element_float16, sk_element_float32, sk_element_float64] {
      for isSwapped in [false, true] {
        // Any bits below the exponents of all ones: every finite number, subnormal ones included.
        var generator = SplitMix64(seed: 3)
        let width = 2 << Int(element.rawValue)
        let mask: UInt8 = element == sk_element_float16 ? 0xBB : 0xBF
        var bytes = (0..<21 * width).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for index in 0..<21 { bytes[index * width + (isSwapped ? 0 : width - 1)] &= mask }
        func run(_ path: sk_path) -> ([Double], [Double], [Float]) {
          bytes.withUnsafeBytes { bytes in
            let matrix = sk_matrix(bytes: bytes.baseAddress, column_count: 7, element: element, is_swapped: isSwapped)
            let origin = (0..<7).map { Double($0) / 8 }
            var (sums, scratch) = ([Double](repeating: 0, count: 7), [Double](repeating: 0, count: 7))
            let spread = sk_scan(path, matrix, 0, 3, origin, &sums, &scratch)
            var floats = [Float](repeating: 0, count: 5)
            sk_center(path, matrix, 1, 2, 5, origin, 0.5, &floats, &scratch)
            return (sums, [spread], floats)
          }
        }
        #expect(run(path) == run(sk_path_portable))
      }
    }
  }

  @Test func theExponentialIsRightToTheLastPlaces() {
    var values = stride(from: 0.0, through: 40, by: 0.37).map { $0 }
    let expected = values.map { exponentialBySquaring(-2 * $0) }
    let norms = values.map { 2 * $0 }
    var products = values.map { _ in 0.0 }
    sk_gaussian(sk_path_portable, &products, Int64(values.count), 0, norms, 1)
    for (found, wanted) in zip(products, expected) { #expect(abs(found / wanted - 1) < 1e-14) }
    values = [400, 1e9]
    sk_gaussian(sk_path_portable, &products, 2, 0, values, 2)
    #expect(products[..<2] == [0, 0])
  }

  /// The series of exp(x / 1024), squared ten times, in extended steps small enough for 14 digits.
  private func exponentialBySquaring(_ x: Double) -> Double {
    // exp(x) = exp(whole) * exp(rest), with exact powers of e from a long product of its correctly rounded value.
    let whole = x.rounded()
    let rest = x - whole
    var (term, sum) = (1.0, 1.0)
    for k in 1..<25 {
      term *= rest / Double(k)
      sum += term
    }
    var (power, base, exponent) = (1.0, 1 / 2.718281828459045235360287, Int(-whole))
    while exponent > 0 {
      if exponent & 1 == 1 { power *= base }
      base *= base
      exponent >>= 1
    }
    return power * sum
  }
}
