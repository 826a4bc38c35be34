/// A candidate's reported errors over the data, thinned to those that add information.
///
/// A trial that is evaluated every minute would leave thousands of points that differ by less than their noise. So
/// between assigned fractions the curve keeps one report for each eighth of a doubling of the data, and at an assigned
/// fraction the report that ended the trial there. Which reports these are depends on the set of reports, not on their
/// order.
///
/// A single evaluation may go wrong, and a curve that comes down from such a spike would seem to fall steeply. So a
/// report between two others counts with the median of the three errors, which on a falling curve is its own.
///
/// Memory O(log data), whatever the number of reports.
struct LearningCurve: Equatable, Sendable {
  /// The report that an observation comes from.
  struct Origin: Equatable, Comparable, Sendable {
    let trial: TrialID
    let step: Int

    static func < (one: Origin, other: Origin) -> Bool { (one.trial, one.step) < (other.trial, other.step) }
  }

  /// What a report does to a curve.
  enum Change: Equatable, Sendable {
    case none
    /// It has a new last point, and is otherwise as it was.
    case appended
    case rewritten
  }

  /// Orders the reports that compete for one place of the curve; the greatest stays.
  ///
  /// A report that ended its trial at the assigned fraction goes before others. A later trial goes before an earlier
  /// one, whose work was lost. Then the smallest fraction stays, so that a trial that goes on does not change it any
  /// more.
  private struct Precedence: Comparable {
    let isAssigned: Bool
    let trial: TrialID
    let fraction: Double
    let step: Int

    static func < (one: Precedence, other: Precedence) -> Bool {
      if one.isAssigned != other.isAssigned { return other.isAssigned }
      return (one.trial, -one.fraction, one.step) < (other.trial, -other.fraction, other.step)
    }
  }

  private struct Mark: Equatable, Sendable {
    let origin: Origin
    let error: Double
    let score: Double
    let logErrorDeviation: Double?
    let fraction: Double
    let isAssigned: Bool

    /// The cell of the data: eight equal ones between a power of two and the next.
    var cell: Int { Int(fraction.exponent) * 8 + Int((fraction.significand - 1) * 8) }

    var precedence: Precedence {
      Precedence(isAssigned: isAssigned, trial: origin.trial, fraction: fraction, step: origin.step)
    }

    /// Whether the curve keeps only one of the two. Each assigned fraction has a place of its own.
    func competes(with other: Mark) -> Bool {
      cell == other.cell && !(isAssigned && other.isAssigned && fraction != other.fraction)
    }
  }

  /// Reports of less data than this are no points of a curve over the logarithm of the data: it is below one sample of
  /// any real task, and the smallest start fraction.
  static let leastFraction = 1e-9

  /// By ascending fraction.
  private(set) var observations: [Observation] = []
  /// The origins of `observations`, at the same positions.
  private var marks: [Mark] = []

  /// Takes a report at ``leastFraction`` or beyond.
  ///
  /// A report that stands for an assigned fraction no longer stands for its own.
  ///
  /// - Parameter isAssigned: whether the report ended its trial at the assigned fraction.
  /// - Returns: how the curve changed.
  /// - Complexity: O(1) for a report beyond all others.
  mutating func take(_ observation: Observation, from origin: Origin, isAssigned: Bool) -> Change {
    let mark = Mark(
      origin: origin, error: observation.error, score: observation.score,
      logErrorDeviation: observation.logErrorDeviation, fraction: observation.dataFraction, isAssigned: isAssigned)
    let count = observations.count
    if isAssigned, let own = marks.lastIndex(where: { !$0.isAssigned && $0.origin == origin }) { remove(at: own) }
    let rivals = positions(ofCell: mark.cell).filter { marks[$0].competes(with: mark) }
    guard rivals.allSatisfy({ marks[$0].precedence < mark.precedence }) else {
      return observations.count == count ? .none : .rewritten
    }
    for position in rivals.reversed() { remove(at: position) }
    var position = observations.count
    while position > 0, observations[position - 1].dataFraction > mark.fraction { position -= 1 }
    let before = position > 0 ? observations[position - 1].error : nil
    observations.insert(observation, at: position)
    marks.insert(mark, at: position)
    smooth(around: position)
    let isLast = position == count && observations.count == count + 1
    return isLast && (position == 0 || observations[position - 1].error == before) ? .appended : .rewritten
  }

  /// The positions of a cell's observations, found from the end, where most reports go.
  private func positions(ofCell cell: Int) -> Range<Int> {
    var end = marks.count
    while end > 0, marks[end - 1].cell > cell { end -= 1 }
    var start = end
    while start > 0, marks[start - 1].cell == cell { start -= 1 }
    return start..<end
  }

  private mutating func remove(at position: Int) {
    observations.remove(at: position)
    marks.remove(at: position)
    smooth(around: position)
  }

  /// Sets the errors of the observations before, at and after a position.
  private mutating func smooth(around position: Int) {
    for index in max(0, position - 1)..<min(marks.count, position + 2) {
      var mark = marks[index]
      if !mark.isAssigned, index > 0, index + 1 < marks.count {
        mark = [marks[index - 1], mark, marks[index + 1]].sorted { $0.error < $1.error }[1]
      }
      let known = observations[index]
      if known.error != mark.error || known.score != mark.score || known.logErrorDeviation != mark.logErrorDeviation {
        observations[index] = Observation(
          dataFraction: observations[index].dataFraction, error: mark.error, score: mark.score,
          logErrorDeviation: mark.logErrorDeviation)
      }
    }
  }
}
