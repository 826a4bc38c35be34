public import Basics

/// Why representations cannot be read or compared.
public struct RepresentationError: Error, Equatable, Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    /// The bytes or the rows are not a matrix.
    case malformed
    /// They are one that is not read here, such as one in Fortran order.
    case unsupported
    /// A number is not finite, or all are too large or too small to be compared.
    case outOfRange
    /// Representations do not belong to the same samples, or there are too few of these.
    case sampleCount
    /// A representation is the same for every sample, so that nothing is like it.
    case constant
    /// There is not enough memory for it within the caller's budget.
    case memory
    /// The caller wanted the computation to stop.
    case cancelled
  }

  public let kind: Kind
  /// Which of the representations given; nil when it is all of them, or the only one.
  public var index: Int?
  public let expected: String
  public let found: String
  /// How to mend it, in one sentence.
  public let fix: String

  public init(_ kind: Kind, index: Int? = nil, expected: String, found: String, fix: String) {
    self.kind = kind
    self.index = index
    self.expected = expected
    self.found = found
    self.fix = fix
  }

  /// One plain sentence for a person.
  public var message: String { "expected \(expected), found \(found); \(fix)" }

  /// A budget that has less than `byteCount` bytes left.
  public static func memory(_ byteCount: Int, _ budget: MemoryBudget) -> RepresentationError {
    RepresentationError(
      .memory,
      expected: "at most \(budget.byteLimit - budget.heldByteCount) bytes more, of \(budget.byteLimit) for all",
      found: "\(byteCount)",
      fix: "show the models fewer samples, of which a few thousand tell them apart well, or close sessions")
  }

  static let cancelled = RepresentationError(
    .cancelled, expected: "to go on", found: "a request to stop", fix: "ask again")

  func of(_ index: Int) -> RepresentationError {
    var located = self
    located.index = index
    return located
  }
}
