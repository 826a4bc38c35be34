/// A frontier computed before, to begin from where a problem differs little from the one solved then: when one table of a
/// running job was measured again, say.
///
/// It never changes what is right: the curve is the new problem's, exactly, and every plan's time, energy and gap are those
/// of the new measurements. Where the two problems differ in their instructions or dependencies it is not used.
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
