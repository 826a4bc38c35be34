/// What a candidate's reports say of its error over the data, thinned to what tells something new.
///
/// A trial that is evaluated every minute would leave thousands of points that differ by less than their noise. So between
/// assigned fractions the curve keeps one report for each eighth of a doubling of the data, and at an assigned fraction the
/// report that ended the trial there. Which reports these are depends on the reports alone, not on the order in which they came.
///
/// A single evaluation may go wrong, and a curve that comes down from such a spike would seem to fall steeply. So a report
/// between two others counts with the median of the three errors, which of a falling curve is its own.
///
/// Memory O(log data), whatever the number of reports.
struct LearningCurve: Equatable, Sendable {
  /// Which report an observation is.
  struct Origin: Equatable, Sendable {
    let trial: Int
    let step: Int
  }

  /// What a report does to a curve.
  enum Change: Equatable, Sendable {
    case none
    /// It has a new last point, and is otherwise as it was.
    case appended
    case rewritten
  }

  private struct Mark: Equatable, Sendable {
    let origin: Origin
    let error: Double
    let cell: Int
    let isAssigned: Bool
  }

  /// By ascending fraction.
  private(set) var observations: [Observation] = []
  /// Beside `observations`.
  private var marks: [Mark] = []

  /// Cells of the data: eight equal ones between a power of two and the next.
  private static func cell(_ fraction: Double) -> Int {
    Int(fraction.exponent) * 8 + Int((fraction.significand - 1) * 8)
  }

  /// Takes a report at a fraction above 0.
  ///
  /// Assigned fractions go before others of their cell, then later trials before earlier ones, whose work was lost; then the
  /// least fraction of a cell, so that a trial that goes on changes it no more. A report that came to stand for an assigned
  /// fraction does not stand for its own any more.
  ///
  /// - Parameter isAssigned: whether the report ended its trial at the assigned fraction.
  /// - Returns: what became of the curve.
  /// - Complexity: O(1) for a report beyond all others.
  mutating func take(_ observation: Observation, from origin: Origin, isAssigned: Bool) -> Change {
    let (fraction, error) = (observation.dataFraction, observation.error)
    let mark = Mark(origin: origin, error: error, cell: Self.cell(fraction), isAssigned: isAssigned)
    let count = observations.count
    if isAssigned, let own = marks.lastIndex(where: { !$0.isAssigned && $0.origin == origin }) { remove(at: own) }
    let cell = cell(mark.cell)
    if isAssigned {
      if let same = cell.first(where: { marks[$0].isAssigned && observations[$0].dataFraction == fraction }) {
        guard Self.isLater(origin, than: marks[same].origin) else { return .none }
        remove(at: same)
      } else {
        for place in cell.reversed() where !marks[place].isAssigned { remove(at: place) }
      }
    } else if let known = cell.first {
      guard !marks[known].isAssigned else { return .none }
      let knownFraction = observations[known].dataFraction
      let goesBefore =
        origin.trial != marks[known].origin.trial
        ? origin.trial > marks[known].origin.trial
        : fraction != knownFraction ? fraction < knownFraction : origin.step > marks[known].origin.step
      guard goesBefore else { return .none }
      remove(at: known)
    }
    var place = observations.count
    while place > 0, observations[place - 1].dataFraction > fraction { place -= 1 }
    let before = place > 0 ? observations[place - 1].error : nil
    observations.insert(observation, at: place)
    marks.insert(mark, at: place)
    smooth(around: place)
    let isLast = place == count && observations.count == count + 1
    return isLast && (place == 0 || observations[place - 1].error == before) ? .appended : .rewritten
  }

  /// The places of a cell's observations, found from the end, where most reports go.
  private func cell(_ number: Int) -> Range<Int> {
    var end = marks.count
    while end > 0, marks[end - 1].cell > number { end -= 1 }
    var start = end
    while start > 0, marks[start - 1].cell == number { start -= 1 }
    return start..<end
  }

  private static func isLater(_ one: Origin, than other: Origin) -> Bool {
    (one.trial, one.step) > (other.trial, other.step)
  }

  private mutating func remove(at place: Int) {
    observations.remove(at: place)
    marks.remove(at: place)
    smooth(around: place)
  }

  /// Sets the errors of the observations before, at and after a place.
  private mutating func smooth(around place: Int) {
    for index in max(0, place - 1)..<min(marks.count, place + 2) {
      var error = marks[index].error
      if !marks[index].isAssigned, index > 0, index + 1 < marks.count {
        let (before, after) = (marks[index - 1].error, marks[index + 1].error)
        error = max(min(before, after), min(error, max(before, after)))
      }
      if observations[index].error != error {
        observations[index] = Observation(dataFraction: observations[index].dataFraction, error: error)
      }
    }
  }
}
