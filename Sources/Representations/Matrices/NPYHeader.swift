/// What the header of a `.npy` file says of the matrix behind it (numpy/lib/format.py, versions 1 to 3).
///
/// The format is a magic string, a version, the length of a header, and the header: a Python dictionary with the
/// members `descr`, `fortran_order` and `shape`. Accepted are float16, float32 and float64 of either byte order, in C
/// order.
public struct NPYHeader: Sendable {
  /// Where the elements begin, counted from the start of the file.
  public let byteCount: Int
  public let elementType: ElementType
  public let isBigEndian: Bool
  /// Samples and features, where there are two sizes; ``Representation`` checks that.
  public let shape: [Int]

  /// Longer headers are refused, as numpy refuses them: they would cost it much memory.
  private static let longestText = 65_536
  /// The first bytes of a file that are sure to hold its header.
  public static let maximumByteCount = 12 + longestText

  /// - Parameter file: the file's first ``maximumByteCount`` bytes, or all of a shorter one.
  /// - Throws: ``RepresentationError`` that says which part of the header is unacceptable.
  /// - Complexity: O(header).
  public init(_ file: [UInt8]) throws(RepresentationError) {
    let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    guard file.count >= 10, file.starts(with: magic) else {
      throw .notNPY(found: file.isEmpty ? "an empty file" : "other bytes")
    }
    let version = file[6]
    guard (1...3).contains(version) else {
      throw RepresentationError(
        .unsupported, expected: ".npy version 1, 2 or 3", found: "version \(version).\(file[7])",
        fix: "write it again with numpy.save")
    }
    let lengthBytes = version == 1 ? 2 : 4
    guard file.count >= 8 + lengthBytes else { throw .notNPY(found: "a file that ends within its header") }
    let length = (0..<lengthBytes).reduce(0) { $0 | Int(file[8 + $1]) << (8 * $1) }
    guard length <= Self.longestText else { throw .notNPY(found: "a header of \(length) bytes") }
    let start = 8 + lengthBytes
    guard length <= file.count - start else { throw .notNPY(found: "a file that ends within its header") }
    byteCount = start + length
    var parser = NPYDictionaryParser(file[start..<byteCount])
    let dictionary = try parser.dictionary()
    (elementType, isBigEndian) = try Self.element(dictionary.description)
    guard !dictionary.isFortranOrder else {
      throw RepresentationError(
        .unsupported, expected: "C order, sample after sample", found: "Fortran order",
        fix: "save numpy.ascontiguousarray(x)")
    }
    shape = dictionary.shape
  }

  private static func element(_ description: String) throws(RepresentationError) -> (ElementType, Bool) {
    let order = description.first
    let isBigEndian = order == ">" || (order == "=" && UInt16(1).bigEndian == 1)
    if let order, "<>=".contains(order) {
      switch description.dropFirst() {
      case "f2": return (.float16, isBigEndian)
      case "f4": return (.float32, isBigEndian)
      case "f8": return (.float64, isBigEndian)
      default: break
      }
    }
    throw RepresentationError(
      .unsupported, expected: "elements of type float16, float32 or float64", found: "type '\(description)'",
      fix: "save x.astype('float32')")
  }
}

extension RepresentationError {
  fileprivate static func notNPY(found: String) -> RepresentationError {
    RepresentationError(
      .malformed, expected: "a .npy file, a matrix as numpy.save writes it", found: found,
      fix: "write it again with numpy.save")
  }
}

private struct NPYDictionary {
  let description: String
  let isFortranOrder: Bool
  let shape: [Int]
}

/// Reads the header's dictionary, of which everything but strings is ASCII.
private struct NPYDictionaryParser {
  private var rest: ArraySlice<UInt8>

  init(_ text: ArraySlice<UInt8>) { rest = text }

  mutating func dictionary() throws(RepresentationError) -> NPYDictionary {
    var (description, isFortranOrder, shape): (String?, Bool?, [Int]?)
    try expect("{")
    while !skip("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where peek() == UInt8(ascii: "["):
        throw RepresentationError(
          .unsupported, expected: "elements that are numbers", found: "records of several fields",
          fix: "save one field of them")
      case "descr" where description == nil: description = try string()
      case "fortran_order" where isFortranOrder == nil: isFortranOrder = try boolean()
      case "shape" where shape == nil: shape = try sizes()
      default: throw .notNPY(found: "the header member '\(key.prefix(32))', unknown or repeated")
      }
      if !skip(",") {
        try expect("}")
        break
      }
    }
    guard peek() == nil, let description, let isFortranOrder, let shape else {
      throw .notNPY(found: "a header that lacks descr, fortran_order or shape, or goes on behind them")
    }
    return NPYDictionary(description: description, isFortranOrder: isFortranOrder, shape: shape)
  }

  /// The next byte that is no white space.
  private mutating func peek() -> UInt8? {
    while let byte = rest.first, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { rest.removeFirst() }
    return rest.first
  }

  private mutating func skip(_ token: StaticString) -> Bool {
    guard peek() == token.utf8Start.pointee else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func expect(_ token: StaticString) throws(RepresentationError) {
    if !skip(token) { throw .notNPY(found: "a header without '\(token)' in its place") }
  }

  private mutating func string() throws(RepresentationError) -> String {
    guard let quote = peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw .notNPY(found: "a header without quotation marks in their place")
    }
    rest.removeFirst()
    guard let end = rest.firstIndex(of: quote), !rest[..<end].contains(UInt8(ascii: "\\")) else {
      throw .notNPY(found: "a header with a string that does not end")
    }
    let text = String(decoding: rest[..<end], as: UTF8.self)
    rest = rest[(end + 1)...]
    return text
  }

  private mutating func boolean() throws(RepresentationError) -> Bool {
    _ = peek()
    for (word, value) in [("True", true), ("False", false)] where rest.starts(with: word.utf8) {
      rest.removeFirst(word.utf8.count)
      return value
    }
    throw .notNPY(found: "a header whose fortran_order is neither True nor False")
  }

  private mutating func sizes() throws(RepresentationError) -> [Int] {
    try expect("(")
    var sizes: [Int] = []
    while !skip(")") {
      _ = peek()
      let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard let size = Int(String(decoding: digits, as: UTF8.self)), sizes.count < 32 else {
        throw .notNPY(found: "a header whose shape is not a list of sizes")
      }
      rest = rest[digits.endIndex...]
      // Python 2 wrote long integers with this suffix.
      _ = skip("L")
      sizes.append(size)
      if !skip(",") {
        try expect(")")
        break
      }
    }
    return sizes
  }
}
