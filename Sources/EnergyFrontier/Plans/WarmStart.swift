/// A frontier computed before, to begin from where a problem differs little from the one solved then: when one table of a
/// running job was measured again, say.
///
/// The result is the one that the problem has without it, to the last bit, so that it does not tell how a job came to its
/// profile. So far nothing of the old frontier is reused either, and it saves no time: a beam search is steered by prices
/// that one table changes everywhere. The guide's limits say what was tried.
public struct WarmStart: Sendable {
  /// The problem solved then.
  public let problem: IterationProblem
  /// Its frontier.
  public let frontier: Frontier

  public init(problem: IterationProblem, frontier: Frontier) {
    self.problem = problem
    self.frontier = frontier
  }
}
