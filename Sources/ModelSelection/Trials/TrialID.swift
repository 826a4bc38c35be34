/// The number of a trial. Trials are numbered from 1 in the order in which they were assigned.
public struct TrialID: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByIntegerLiteral {
  public let number: Int

  public init(_ number: Int) { self.number = number }

  public init(integerLiteral number: Int) { self.init(number) }

  /// The position of the trial in an array that holds one element for each trial.
  package var index: Int { number - 1 }

  public static func < (one: TrialID, other: TrialID) -> Bool { one.number < other.number }

  public var description: String { "\(number)" }
}
