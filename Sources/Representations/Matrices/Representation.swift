public import Basics
internal import SimilarityKernels

/// How an element is stored: an IEEE number of 2, 4 or 8 bytes.
public enum ElementType: String, Sendable, CaseIterable {
  case float16, float32, float64

  public var byteCount: Int {
    switch self {
    case .float16: 2
    case .float32: 4
    case .float64: 8
    }
  }
}

/// The features that a model computes for some samples: a matrix with one row for each sample.
public struct Representation: Sendable {
  /// How many samples, the rows.
  public let sampleCount: Int
  /// How many features, the columns.
  public let featureCount: Int
  public let elementType: ElementType
  public let isBigEndian: Bool
  private let storage: ByteStorage
  /// Where the first row begins in `storage`.
  private let offset: Int

  /// A row-major matrix that fills `storage`.
  ///
  /// Elements are not read: that they are finite is checked where they are used, or by ``checkFinite()``.
  ///
  /// - Throws: ``RepresentationError`` when the shape has no two positive sizes, or does not take exactly the bytes
  ///   there are.
  public init(
    _ storage: ByteStorage, elementType: ElementType, isBigEndian: Bool = false, shape: [Int]
  ) throws(RepresentationError) {
    try Self.check(byteCount: storage.bytes.count, elementType, shape: shape)
    sampleCount = shape[0]
    featureCount = shape[1]
    self.elementType = elementType
    self.isBigEndian = isBigEndian
    self.storage = storage
    offset = 0
  }

  /// Checks that a matrix of this shape takes exactly `byteCount` bytes.
  ///
  /// - Throws: ``RepresentationError`` that names the sizes.
  public static func check(
    byteCount: Int, _ elementType: ElementType, shape: [Int]
  ) throws(RepresentationError) {
    guard shape.count == 2, shape[0] > 0, shape[1] > 0 else {
      throw RepresentationError(
        .malformed, expected: "a shape of two positive sizes, samples and features", found: "\(shape)",
        fix: "give one row of features for each sample, such as the mean over its tokens")
    }
    let (elements, isTooMany) = shape[0].multipliedReportingOverflow(by: shape[1])
    let (needed, isTooLong) = elements.multipliedReportingOverflow(by: elementType.byteCount)
    guard !isTooMany, !isTooLong, needed == byteCount else {
      throw RepresentationError(
        .malformed, expected: "\(shape[0]) x \(shape[1]) elements of \(elementType.byteCount) bytes",
        found: "\(byteCount) bytes", fix: "check the shape, and that nothing was cut off")
    }
  }

  /// A matrix given row by row.
  ///
  /// - Throws: ``RepresentationError`` for rows of unequal length, no row at all, a number that is not finite, or a
  ///   budget that is used up.
  public init(rows: [[Double]], memory: MemoryBudget = .unlimited) throws(RepresentationError) {
    let width = rows.first?.count ?? 0
    for (index, row) in rows.enumerated() where row.count != width {
      throw RepresentationError(
        .malformed, expected: "\(width) features in row \(index), as in row 0", found: "\(row.count)",
        fix: "give every sample the same features")
    }
    let count = rows.count * width * MemoryLayout<Double>.stride
    let storage = ByteStorage(count: count, memory: memory) { buffer in
      _ = buffer.bindMemory(to: Double.self).initialize(from: rows.joined())
    }
    guard let storage else { throw .memory(count, memory) }
    try self.init(
      storage, elementType: .float64, isBigEndian: UInt16(1).bigEndian == 1, shape: [rows.count, width])
    try checkFinite()
  }

  /// The element of a sample and a feature.
  public subscript(sample: Int, feature: Int) -> Double {
    precondition(0..<sampleCount ~= sample && 0..<featureCount ~= feature, "out of range")
    var value = 0.0
    sk_widen(matrix, Int64(sample), Int64(feature), 1, &value)
    return value
  }

  /// All features of a sample.
  public func row(_ sample: Int) -> [Double] {
    precondition(0..<sampleCount ~= sample, "out of range")
    return [Double](unsafeUninitializedCapacity: featureCount) { row, count in
      sk_widen(matrix, Int64(sample), 0, Int64(featureCount), row.baseAddress)
      count = featureCount
    }
  }

  /// Checks every element. O(elements).
  ///
  /// - Throws: ``RepresentationError`` that names the row and the column of the first that is not finite.
  public func checkFinite() throws(RepresentationError) { try checkFinite(firstSample: 0) }

  /// - Parameter firstSample: what the first row is called in the error.
  func checkFinite(firstSample: Int) throws(RepresentationError) {
    var row = [Double](repeating: 0, count: featureCount)
    for sample in 0..<sampleCount {
      sk_widen(matrix, Int64(sample), 0, Int64(featureCount), &row)
      if let column = row.firstIndex(where: { !$0.isFinite }) {
        throw RepresentationError(
          .outOfRange, expected: "finite numbers",
          found: "\(row[column]) in row \(firstSample + sample), column \(column)",
          fix: "leave that sample out of every representation, or mend the model that made it")
      }
    }
  }

  /// The bytes of all elements, row by row; valid while this lives.
  var elementBytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      rebasing: storage.bytes[offset..<offset + sampleCount * featureCount * elementType.byteCount])
  }

  /// The samples of a range, in place.
  func samples(_ range: Range<Int>) -> Representation { Representation(self, range) }

  private init(_ whole: Representation, _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= whole.sampleCount && !range.isEmpty, "out of range")
    sampleCount = range.count
    featureCount = whole.featureCount
    elementType = whole.elementType
    isBigEndian = whole.isBigEndian
    storage = whole.storage
    offset = whole.offset + range.lowerBound * whole.featureCount * whole.elementType.byteCount
  }

  /// As the kernels take it; valid while this lives.
  var matrix: sk_matrix {
    let element =
      switch elementType {
      case .float16: sk_element_float16
      case .float32: sk_element_float32
      case .float64: sk_element_float64
      }
    let isHostBigEndian = UInt16(1).bigEndian == 1
    return sk_matrix(
      bytes: storage.bytes.baseAddress.map { $0 + offset }, column_count: Int64(featureCount), element: element,
      is_swapped: isBigEndian != isHostBigEndian)
  }
}
