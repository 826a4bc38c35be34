internal import Basics
internal import Files
internal import JSON
internal import Journal
internal import Representations
internal import Sessions

// How a representation stands on the wire, for reading and for the export.

/// The params of `pool/attachRepresentation` but for the session.
struct RepresentationEntry: ObjectReadable {
  /// Where the elements are.
  enum Source {
    case npyPath(String, crc32c: UInt32?)
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
    let crc32c = try reader.optional(
      "crc32c", .integer(in: 0...Int(UInt32.max)),
      "CRC-32C of the file's bytes, as an export has it: a file that has another is refused. Only beside npyPath.")
    let base64 = try reader.optional(
      "base64", .text(0...(48 << 20)), "The elements row by row, little endian, beside elementType and shape. Or:")
    let elementType: ElementType? = try reader.optional("elementType", .choice(), "Only beside base64.")
    let shape = try reader.optional(
      "shape", .list(of: .integer(in: 1...(1 << 40)), count: 2...2), "Samples and features. Only beside base64.")
    let rows = try reader.optional(
      "rows", .list(of: .list(of: .number, count: 1...(1 << 20)), count: 1...(1 << 20)), "The samples themselves.")
    try reader.checkOne(of: ["npyPath", "base64", "rows"])
    try reader.check(
      (base64 == nil) == (elementType == nil) && (base64 == nil) == (shape == nil), "base64",
      expected: "elementType and shape beside it, and only beside it")
    try reader.check(crc32c == nil || path != nil, "crc32c", expected: "npyPath beside it")
    key = RepresentationKey(encoder: encoder, languageModel: languageModel)
    if let path {
      source = .npyPath(path, crc32c: crc32c.map { UInt32($0) })
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
    case .npyPath(let reference, let wanted):
      let file = try files.open(reference, field: "npyPath")
      if let wanted {
        let found = try file.crc32c(field: "npyPath")
        guard wanted == found else {
          throw RequestError(
            .unreadableFile, path: "npyPath", expected: "a file with the CRC-32C \(wanted)",
            found: "\(file.path), whose contents have \(found)",
            fix: "bring the file that was attached, or leave crc32c out to attach this one")
        }
      }
      // Before its checksum: a file whose header promises more than memory has is refused without reading all of it.
      (matrix, path) = (try Representation(npy: file, field: "npyPath", memory: memory), "npyPath")
      let crc32c = if let wanted { wanted } else { try file.crc32c(field: "npyPath") }
      kept = .npyPath(reference, resolved: file.path, crc32c: crc32c)
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

  /// The representation that a journal kept; a file must be as it was.
  func resolved(recorded file: JSON?) throws(RequestError) -> PoolRepresentation {
    guard case .npyPath(let reference, _) = source else { return try resolved(FileAccess(roots: [])) }
    guard let path = file?["path"]?.stringValue?.text, let crc = file?["crc32c"]?.integerValue else {
      throw RequestError(
        .unreadableFile, path: "npyPath", expected: "a file that the journal names", found: "none",
        fix: "open the session with the version that wrote it")
    }
    let parent = FilePath.folder(of: path).map { $0 + "/" } ?? "/"
    let found = try RepresentationEntry(key: key, source: .npyPath(path, crc32c: nil)).resolved(
      FileAccess(roots: [parent]))
    guard case .npyPath(_, let resolved, let crc32c) = found.source, Int(crc32c) == crc else {
      throw RequestError(
        .unreadableFile, path: "npyPath", expected: "\(path) as it was when it was attached", found: "other contents",
        fix: "put the file back")
    }
    return PoolRepresentation(
      key: key, source: .npyPath(reference, resolved: resolved, crc32c: crc32c), matrix: found.matrix)
  }

  private init(key: RepresentationKey, source: Source) { (self.key, self.source) = (key, source) }

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

extension OpenFile {
  /// The checksum of the contents, which must not have changed since the file was opened. O(bytes).
  fileprivate func crc32c(field: String) throws(RequestError) -> UInt32 {
    var crc = CRC32C()
    var chunk = [UInt8](repeating: 0, count: min(byteCount, 1 << 20))
    do throws(FileError) {
      for offset in stride(from: 0, to: byteCount, by: 1 << 20) {
        let count = min(1 << 20, byteCount - offset)
        try chunk.withUnsafeMutableBytes { buffer in
          Result { () throws(FileError) in
            try read(from: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
          }
        }.get()
        chunk.withUnsafeBytes { crc.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      }
      try checkUnchanged()
    } catch {
      throw RequestError(error, field: field)
    }
    return crc.value
  }
}

extension PoolRepresentation {
  /// The fields as they were sent.
  func write(to object: inout ObjectWriter) {
    object.field("encoder", key.encoder)
    object.field("languageModel", key.languageModel)
    switch source {
    case .npyPath(let reference, _, let crc32c):
      object.field("npyPath", reference)
      object.field("crc32c", Int(crc32c))
    case .base64:
      object.field("base64", matrix.base64)
      object.field("elementType", matrix.elementType.rawValue)
      object.field("shape", [matrix.sampleCount, matrix.featureCount])
    case .rows: object.field("rows", (0..<matrix.sampleCount).map(matrix.row))
    }
  }
}
