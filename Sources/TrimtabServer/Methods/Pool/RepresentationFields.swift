internal import Basics
internal import Files
internal import JSON
internal import Representations
internal import Sessions

// How a representation stands on the wire, for reading and for the export.

/// The params of `pool/attachRepresentation` but for the session.
struct RepresentationEntry: ObjectReadable {
  /// Where the elements are.
  enum Source {
    case npyPath(String)
    case base64(String, ElementType, shape: [Int])
    case rows([[Double]])
  }

  let key: RepresentationKey
  let source: Source

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let encoder = try reader.required("encoder", .text(), "The encoder.")
    let languageModel = try reader.optional(
      "languageModel", .text(),
      "The language model, where these are its last hidden states behind this encoder; the encoder is then best the medoid of its cluster."
    )
    let path = try reader.optional(
      "npyPath", .text(1...4096),
      "A .npy file below a root: float16, float32 or float64, C order, samples x features. Its contents are copied. Or:"
    )
    let base64 = try reader.optional(
      "base64", .text(0...(48 << 20)), "The elements row by row, little endian, beside elementType and shape. Or:")
    let elementType: ElementType? = try reader.optional("elementType", .choice(), "Only beside base64.")
    let shape = try reader.optional(
      "shape", .list(of: .integer(in: 1...(1 << 40)), count: 2...2), "Samples and features. Only beside base64.")
    let rows = try reader.optional(
      "rows", .list(of: .list(of: .number, count: 1...(1 << 20)), count: 1...(1 << 20)), "The samples themselves.")
    try reader.check(
      [path != nil, base64 != nil, rows != nil].count { $0 } == 1, "npyPath",
      expected: "exactly one of npyPath, base64 and rows")
    try reader.check(
      (base64 == nil) == (elementType == nil) && (base64 == nil) == (shape == nil), "base64",
      expected: "elementType and shape beside it, and only beside it")
    key = RepresentationKey(encoder: encoder, languageModel: languageModel)
    if let path {
      source = .npyPath(path)
    } else if let base64 {
      source = .base64(base64, elementType ?? .float32, shape: shape ?? [])
    } else {
      source = .rows(rows ?? [])
    }
  }

  /// The representation with its elements in memory. O(bytes).
  ///
  /// - Parameter memory: what the elements are counted against.
  /// - Throws: ``RequestError`` of kind `fileOutsideRoots`, `unreadableFile` or `invalidRepresentation`.
  func resolved(
    _ files: FileAccess, memory: MemoryBudget = Limits.representationMemory
  ) throws(RequestError) -> PoolRepresentation {
    let (matrix, path): (Representation, String)
    let kept: PoolRepresentation.Source
    switch source {
    case .npyPath(let reference):
      let file = try files.open(reference, field: "npyPath")
      (matrix, path) = (try Representation(npy: file, field: "npyPath", memory: memory), "npyPath")
      kept = .npyPath(reference, resolved: file.path)
    case .base64(let text, let elementType, let shape):
      (matrix, path) = (
        try read("base64") { () throws(RepresentationError) in
          try Representation(base64: text, elementType: elementType, shape: shape, memory: memory)
        }, "base64"
      )
      kept = .base64
    case .rows(let rows):
      (matrix, path) = (
        try read("rows") { () throws(RepresentationError) in try Representation(rows: rows, memory: memory) }, "rows"
      )
      kept = .rows
    }
    guard matrix.sampleCount >= 2 else {
      throw RequestError(
        .invalidRepresentation, path: path, expected: "at least 2 samples", found: "\(matrix.sampleCount)",
        fix: "show the models more samples; a few thousand tell them apart well")
    }
    return PoolRepresentation(key: key, source: kept, matrix: matrix)
  }

  private func read(
    _ path: String, _ body: () throws(RepresentationError) -> Representation
  ) throws(RequestError) -> Representation {
    do throws(RepresentationError) {
      return try body()
    } catch {
      throw RequestError(error, path: path)
    }
  }
}

extension PoolRepresentation {
  /// The fields as they were sent.
  func write(to object: inout ObjectWriter) {
    object.field("encoder", key.encoder)
    object.field("languageModel", key.languageModel)
    switch source {
    case .npyPath(let reference, _): object.field("npyPath", reference)
    case .base64:
      object.field("base64", matrix.base64)
      object.field("elementType", matrix.elementType.rawValue)
      object.field("shape", [matrix.sampleCount, matrix.featureCount])
    case .rows: object.field("rows", (0..<matrix.sampleCount).map(matrix.row))
    }
  }
}
