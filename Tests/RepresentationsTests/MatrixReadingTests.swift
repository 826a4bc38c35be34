import Basics
import Representations
import Testing

@Suite struct MatrixReadingTests {
  private static func header(_ dictionary: String, version: UInt8 = 1) -> [UInt8] {
    let padding = (64 - (dictionary.utf8.count + 1 + (version == 1 ? 10 : 12)) % 64) % 64
    let text = Array(dictionary.utf8) + Array(repeating: 0x20, count: padding) + [0x0A]
    let length = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + text
  }

  private static func dictionary(_ type: String, _ shape: String, fortran: String = "False") -> String {
    "{'descr': '\(type)', 'fortran_order': \(fortran), 'shape': \(shape), }"
  }

  private static func read(_ bytes: [UInt8]) throws(RepresentationError) -> Representation {
    let header = try NPYHeader(bytes)
    let elements = bytes.dropFirst(header.byteCount)
    try Representation.check(byteCount: elements.count, header.elementType, shape: header.shape)
    let storage = ByteStorage(count: elements.count, memory: .unlimited) { $0.copyBytes(from: elements) }
    guard let storage else { preconditionFailure("a budget without end") }
    return try Representation(
      storage, elementType: header.elementType, isBigEndian: header.isBigEndian, shape: header.shape)
  }

  private static let values: [Double] = [1.5, -2, 0.25, 1024, -0.0, 6.103515625e-05]

  /// The same six numbers in each type and byte order.
  private static func elements(_ type: String) -> [UInt8] {
    values.flatMap { value -> [UInt8] in
      let little: [UInt8] =
        switch type.suffix(2) {
        case "f2": half(value)
        case "f4": withUnsafeBytes(of: Float(value).bitPattern.littleEndian, Array.init)
        default: withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)
        }
      return type.hasPrefix(">") ? little.reversed() : little
    }
  }

  private static func half(_ value: Double) -> [UInt8] {
    // Those above are normal halves, or zero.
    let single = Float(value).bitPattern
    let magnitude = single & 0x7FFF_FFFF
    let bits = UInt16(single >> 16) & 0x8000 | (magnitude == 0 ? 0 : UInt16((magnitude - 0x3800_0000) >> 13))
    return [UInt8(bits & 0xFF), UInt8(bits >> 8)]
  }

  @Test(arguments: ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "=f4"], [UInt8(1), 2, 3])
  func readsEveryTypeOrderAndVersion(_ type: String, _ version: UInt8) throws {
    let matrix = try Self.read(
      Self.header(Self.dictionary(type, "(3, 2)"), version: version) + Self.elements(type))
    #expect(matrix.sampleCount == 3 && matrix.featureCount == 2)
    #expect((0..<6).map { matrix[$0 / 2, $0 % 2] } == Self.values)
  }

  /// Subnormal halves, and the ends of the range, as the format defines them: fraction / 2^24 below the normal ones.
  @Test func everyFiniteHalfHasItsValue() throws {
    let patterns = (0..<0x7C00).map { UInt16($0) }
    let bytes = patterns.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    let matrix = try Self.read(Self.header(Self.dictionary("<f2", "(31744, 1)")) + bytes)
    for (index, pattern) in patterns.enumerated() {
      let (exponent, fraction) = (Int(pattern >> 10), Double(pattern & 0x3FF))
      let value =
        exponent == 0
        ? fraction * 0x1p-24 : Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
      #expect(matrix[index, 0] == value)
    }
  }

  @Test(arguments: [
    (dictionary("<f4", "(1, 2)", fortran: "True"), "Fortran"), (dictionary("|O", "(1, 2)"), "'|O'"),
    (dictionary("<i4", "(1, 2)"), "'<i4'"), (dictionary("<c8", "(1, 1)"), "'<c8'"), (dictionary("<f4", "(2,)"), "[2]"),
    (dictionary("<f4", "(1, 1, 2)"), "[1, 1, 2]"), (dictionary("<f4", "(0, 2)"), "[0, 2]"),
    (dictionary("<f4", "()"), "[]"), (dictionary("<f4", "(1, 3)"), "8 bytes"),
    (dictionary("<f4", "(1, 1)"), "8 bytes"), (dictionary("<f4", "(-1, 2)"), "shape"),
    (dictionary("<f4", "(4611686018427387904, 4)"), "8 bytes"),
    (dictionary("<f4", "(99999999999999999999, 4)"), "shape"),
    ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 2), }", "several fields"),
    ("{'descr': '<f4', 'shape': (1, 2)}", "lacks"), ("{'descr': '<f4', 'descr': '<f4'}", "repeated"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)} x", "behind"), ("", "'{'"),
  ]) func saysWhatItDoesNotRead(_ dictionary: String, _ said: String) {
    let error = #expect(throws: RepresentationError.self) {
      try Self.read(Self.header(dictionary) + Array(repeating: 0, count: 8))
    }
    #expect(error?.found.contains(said) == true, "\(error?.found ?? "")")
  }

  @Test func aFileThatIsCutOffIsRefused() throws {
    let whole = Self.header(Self.dictionary("<f4", "(3, 2)")) + Self.elements("<f4")
    _ = try Self.read(whole)
    for count in whole.indices {
      #expect(throws: RepresentationError.self) { try Self.read(Array(whole[..<count])) }
    }
    #expect(throws: RepresentationError.self) { try Self.read(whole + [0]) }
  }

  /// Changed, lost and doubled bytes: an error or a matrix that lies within its bytes, never a crash.
  @Test(arguments: 0..<8 as Range<UInt64>) func survivesDamage(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let tokens = ["(", ")", "'", ",", "{", "}", "shape", "L", "9999999999999999999", "True", "\\", ":"]
    for round in 0..<400 {
      var bytes =
        Self.header(Self.dictionary("<f4", "(3, 2)"), version: UInt8(1 + round % 3)) + Self.elements("<f4")
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(contentsOf: tokens.randomElement(using: &generator)!.utf8, at: place)
        default: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        }
        if bytes.isEmpty { bytes = [0] }
      }
      guard let matrix = try? Self.read(bytes) else { continue }
      #expect(matrix.sampleCount * matrix.featureCount * matrix.elementType.byteCount < bytes.count)
      _ = matrix[matrix.sampleCount - 1, matrix.featureCount - 1]
    }
  }

  @Test func readsBase64() throws {
    // The bytes of 1.5, -2 as little-endian singles.
    let matrix = try Representation(base64: "AADAPwAAAMA=", elementType: .float32, shape: [1, 2])
    #expect([matrix[0, 0], matrix[0, 1]] == [1.5, -2])
    // Two paddings: four bytes.
    #expect(try Representation(base64: "AADAPw==", elementType: .float32, shape: [1, 1])[0, 0] == 1.5)
  }

  @Test(arguments: 1...7) func writesTheBase64ThatItWasReadFrom(_ count: Int) throws {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var generator = SplitMix64(seed: UInt64(count))
    let wholeDigits = (0..<(2 * count / 3 * 4)).map { _ in digits.randomElement(using: &generator)! }
    let text = String(wholeDigits) + ["", "Zg==", "Zm8="][2 * count % 3]
    #expect(try Representation(base64: text, elementType: .float16, shape: [1, count]).base64 == text)
  }

  @Test func countsItsMemory() throws {
    let memory = MemoryBudget(byteLimit: 64)
    var first: Representation? = try Representation(rows: [[1, 2], [3, 4]], memory: memory)
    #expect(first?.sampleCount == 2 && memory.heldByteCount == 32)
    let text = "AADAPwAAAMA="
    let second = try Representation(base64: text, elementType: .float32, shape: [1, 2], memory: memory)
    let error = #expect(throws: RepresentationError.self) {
      try Representation(rows: [[1, 2], [3, 4]], memory: memory)
    }
    #expect(error?.kind == .memory && error?.expected.contains("24 bytes") == true)
    first = nil
    #expect(try Representation(rows: [[1, 2], [3, 4]], memory: memory).featureCount == 2)
    #expect(memory.heldByteCount == 8 && second.featureCount == 2)
  }

  @Test(arguments: [
    ("AADAPwAAAMA", "multiple of 4"), ("AADAPwAAAM-=", "at 10"), ("AAD PwAAAMA=", "at 3"), ("AADAPw===AAA", "at 6"),
    ("AADAPwAAAMB=", "at"), ("AADAPwAA", "6 bytes"), ("====", "at 0"), ("", "0 bytes"), ("AADAPwAAA\u{e9}=", "at 9"),
  ]) func refusesWhatIsNotBase64(_ text: String, _ said: String) {
    let error = #expect(throws: RepresentationError.self) {
      try Representation(base64: text, elementType: .float32, shape: [1, 2])
    }
    #expect(error?.found.contains(said) == true, "\(error?.found ?? "")")
  }

  @Test func namesWhereANumberIsNotFinite() throws {
    let error = #expect(throws: RepresentationError.self) {
      try Representation(rows: [[1, 2], [3, .infinity], [.nan, 4]])
    }
    #expect(error?.found == "inf in row 1, column 1")
    var bytes = Self.header(Self.dictionary("<f4", "(3, 2)")) + Self.elements("<f4")
    bytes.replaceSubrange(bytes.count - 8..<bytes.count - 4, with: [0, 0, 0xC0, 0x7F])
    let matrix = try Self.read(bytes)
    #expect(throws: RepresentationError.self) { try matrix.checkFinite() }
    for estimator in [AlignmentEstimator.biased, .unbiased] {
      let error = #expect(throws: RepresentationError.self) {
        try AlignmentMatrix(of: [matrix, matrix], estimator: estimator)
      }
      #expect(error?.found == "nan in row 2, column 0" && error?.index == 0)
    }
    #expect(throws: RepresentationError.self) { try Representation(rows: [[1, 2], [3]]) }
    #expect(throws: RepresentationError.self) { try Representation(rows: []) }
    #expect(throws: RepresentationError.self) { try Representation(rows: [[], []]) }
  }
}
