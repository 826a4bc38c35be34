/// Text that equals another only if their UTF-8 bytes are the same: for names, ids and keys that clients choose.
///
/// `String` compares and hashes by Unicode canonical equivalence. That takes two names for one that differ only in
/// their normal form, and it takes time quadratic in a run of combining marks, which a client can make as long as a
/// message. Here equality, order and hash take time linear in the bytes.
public struct ExactString: Sendable {
  /// The text, to be shown or searched. Do not compare it.
  public let text: String

  public init(_ text: String) {
    self.text = text
  }

  /// The number of UTF-8 bytes. Constant time.
  public var byteCount: Int { text.utf8.count }

  /// Whether the bytes begin with those of another text.
  public func hasPrefix(_ other: String) -> Bool { text.utf8.starts(with: other.utf8) }

  /// Whether the bytes end with those of another text.
  public func hasSuffix(_ other: String) -> Bool { text.utf8.suffix(other.utf8.count).elementsEqual(other.utf8) }

  /// Calls `body` with the UTF-8 bytes.
  @inlinable @inline(__always)
  public func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    if let result = text.utf8.withContiguousStorageIfAvailable(body) { return result }
    // Only a string that another language owns lies in pieces.
    return Array(text.utf8).withUnsafeBufferPointer(body)
  }
}

extension ExactString: Hashable, Comparable {
  public static func == (first: ExactString, second: ExactString) -> Bool {
    guard first.byteCount == second.byteCount else { return false }
    return first.withBytes { first in second.withBytes { first.elementsEqual($0) } }
  }

  public func hash(into hasher: inout Hasher) {
    withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    // As `String` does: without an end, ("a", "b") and ("ab", "") would hash alike.
    hasher.combine(0xFF as UInt8)
  }

  /// Whether `first` comes before `second` in the order of their bytes, which is that of their Unicode scalars.
  public static func < (first: ExactString, second: ExactString) -> Bool {
    first.withBytes { first in second.withBytes { first.lexicographicallyPrecedes($0) } }
  }
}

extension CaseIterable where Self: RawRepresentable<String> {
  /// The case that a text from outside names; nil where none has that raw value. O(cases).
  public init?(named name: ExactString) {
    guard let found = Self.allCases.first(where: { ExactString($0.rawValue) == name }) else { return nil }
    self = found
  }
}

extension ExactString: ExpressibleByStringInterpolation, CustomStringConvertible {
  public init(stringLiteral text: String) { self.init(text) }
  public var description: String { text }
}
