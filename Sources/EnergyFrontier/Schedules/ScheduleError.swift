/// What is wrong with a schedule, where, and how to mend it.
public struct ScheduleError: Error, Equatable, Sendable {
  /// Where an action stands; rank and column count from 0, and a CSV's empty cells count as columns.
  public struct Place: Equatable, Sendable {
    public let rank: Int
    public let column: Int
    /// The action as in a schedule's CSV; of malformed ones the cell's text.
    public let action: String

    public init(rank: Int, column: Int, action: String) {
      self.rank = rank
      self.column = column
      self.action = action
    }
  }

  /// The action at fault; nil where it lies with a size or with an action that is absent.
  public let place: Place?
  /// The size at fault, such as `chunksPerRank`.
  public let field: String?
  public let expected: String
  public let found: String
  public let fix: String

  init(at place: Place? = nil, field: String? = nil, expected: String, found: String, fix: String) {
    self.place = place
    self.field = field
    self.expected = expected
    self.found = found
    self.fix = fix
  }
}

extension ScheduleError.Place: CustomStringConvertible {
  public var description: String { "rank \(rank), column \(column), \(action)" }
}

extension ScheduleError: CustomStringConvertible {
  public var description: String {
    let place = place.map { "\($0): " } ?? field.map { "\($0): " } ?? ""
    return "\(place)expected \(expected), found \(found); \(fix)"
  }
}
