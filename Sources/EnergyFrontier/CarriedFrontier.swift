public import Basics

extension Frontier {
  /// The lower bound of a problem, with plans that are known already, whatever they are worth now.
  ///
  /// When measurements change, the bound has to be computed anew, but the plans of before are still plans: run as now measured and
  /// held against the new bound, they make a certified frontier in a fraction of the time that a search takes. To them comes
  /// the fastest iteration, so that every deadline that can be kept is kept.
  ///
  /// - Parameter choices: for each plan and instruction a position in its table's `efficient`.
  /// - Throws: ``FrontierError/cancelled``.
  /// - Complexity: that of ``ParametricFlow``, and O(plans x (instructions + dependencies)).
  public init(
    of problem: IterationProblem, carrying choices: [[UInt16]], precision: CurvePrecision = CurvePrecision(),
    progress: ProgressHandle = ProgressHandle()
  ) throws(FrontierError) {
    let curve = try LowerBoundCurve(of: problem, precision: precision, progress: progress)
    let scaled = ScaledProblem(problem)
    let space = PlanSpace(problem, scaled: scaled)
    let fastest = (0..<space.count).map { space.optionStart[$0] }
    var drafts = [
      try LocalSearch(space).improved(fastest, deadline: space.longestPath(fastest), progress)
    ]
    for choices in choices {
      try progress.check()
      // They are read through unsafe buffers from here on.
      precondition(
        choices.count == space.count
          && choices.indices.allSatisfy { Int(choices[$0]) < problem.table(of: $0).efficient.count },
        "a plan to be carried must choose one of the efficient options of each instruction")
      let options = (0..<space.count).map { space.optionStart[$0] + Int32(choices[space.instructions[$0]]) }
      drafts.append(DraftPlan(options, in: space))
    }
    let waitingJoulesPerTick = problem.waitingPowerWatts / scaled.ticksPerSecond
    self.curve = curve
    plans = DraftPlan.pareto(drafts, waitingJoulesPerTick: waitingJoulesPerTick).map {
      let choices = space.choices(of: $0.options)
      return Plan(
        ticks: $0.ticks, effectiveJoules: $0.effectiveJoules, choices: choices,
        switchCount: problem.switchCount(ofChoices: choices), of: problem, scaled: scaled,
        curve: curve)
    }
  }
}
