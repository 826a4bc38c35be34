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

/// Bytes that stay where they are for as long as this lives, such as a mapped file.
public final class ByteStorage: Sendable {
  // Never written after init.
  nonisolated(unsafe) public let bytes: UnsafeRawBufferPointer
  private let release: @Sendable (UnsafeRawBufferPointer) -> Void

  /// - Parameter release: gives the bytes back; called once, when nothing refers to them any more.
  public init(_ bytes: UnsafeRawBufferPointer, release: @escaping @Sendable (UnsafeRawBufferPointer) -> Void) {
    self.bytes = bytes
    self.release = release
  }

  /// Copies bytes.
  public convenience init(copying source: some Collection<UInt8>) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 64)
    copy.copyBytes(from: source)
    self.init(UnsafeRawBufferPointer(copy)) { $0.deallocate() }
  }

  deinit { release(bytes) }
}

/// What a model makes of a sample of inputs: one row of features for each sample, read where it lies.
public struct Representation: Sendable {
  /// How many samples, the rows.
  public let sampleCount: Int
  /// How many features, the columns.
  public let featureCount: Int
  public let elementType: ElementType
  public let isBigEndian: Bool
  private let storage: ByteStorage
  private let offset: Int

  /// A row-major matrix in `storage` from byte `offset` on.
  ///
  /// Elements are not looked at: that they are finite is checked where they are used, or by ``checkFinite()``.
  ///
  /// - Throws: ``RepresentationError`` when there is no sample or feature, or the bytes are not exactly as many as the
  ///   shape takes.
  public init(
    _ storage: ByteStorage, offset: Int = 0, elementType: ElementType, isBigEndian: Bool = false, shape: [Int]
  ) throws(RepresentationError) {
    guard shape.count == 2, shape[0] > 0, shape[1] > 0 else {
      throw RepresentationError(
        .malformed, expected: "a shape of two positive sizes, samples and features", found: "\(shape)",
        fix: "give one row of features for each sample, such as the mean over its tokens")
    }
    let (elements, isTooMany) = shape[0].multipliedReportingOverflow(by: shape[1])
    let (byteCount, isTooLong) = elements.multipliedReportingOverflow(by: elementType.byteCount)
    guard !isTooMany, !isTooLong, byteCount == storage.bytes.count - offset else {
      throw RepresentationError(
        .malformed, expected: "\(shape[0]) x \(shape[1]) elements of \(elementType.byteCount) bytes",
        found: "\(storage.bytes.count - offset) bytes", fix: "check the shape, and that nothing was cut off")
    }
    sampleCount = shape[0]
    featureCount = shape[1]
    self.elementType = elementType
    self.isBigEndian = isBigEndian
    self.storage = storage
    self.offset = offset
  }

  /// A matrix given row by row.
  ///
  /// - Throws: ``RepresentationError`` for rows of unequal length, no row at all, or a number that is not finite.
  public init(rows: [[Double]]) throws(RepresentationError) {
    let width = rows.first?.count ?? 0
    for (index, row) in rows.enumerated() where row.count != width {
      throw RepresentationError(
        .malformed, expected: "\(width) features in row \(index), as in row 0", found: "\(row.count)",
        fix: "give every sample the same features")
    }
    let bytes = UnsafeMutableBufferPointer<Double>.allocate(capacity: rows.count * width)
    _ = bytes.initialize(from: rows.joined())
    let storage = ByteStorage(UnsafeRawBufferPointer(bytes)) { $0.deallocate() }
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

  /// Looks at every element. O(elements).
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
