/// What the points of a pool's learning curves are; the user says it of a task where it is known.
///
/// A learning rate that falls lowers the error by more than the data do, and may reorder candidates. How much of that
/// is still to come cannot be seen before a candidate has finished, so it has to be told.
public enum CurvePoints: Equatable, Sendable {
  /// Nobody said. A late drop is one of the possibilities.
  case unknown
  /// Each point is the end of a training of its own, with the whole of its schedule, as where learners are trained on
  /// growing samples. The last doubling of the data is then like those before it.
  case finished
  /// Points of one run with one schedule for all the data. The learning rate falls to almost 0 from this fraction of
  /// the data on, in 0...1; nil where that is not known.
  case snapshot(decayStart: Double?)
}
