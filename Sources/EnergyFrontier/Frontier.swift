public import Basics

/// The result of a characterization: the lower bound and a Pareto set of real plans with their certified gaps.
public struct Frontier: Sendable {
  /// The lower-bound curve.
  public let curve: LowerBoundCurve
  /// Plans by rising realised time and strictly falling realised energy; none is dominated by another. At least one.
  public let plans: [Plan]
  /// Whether `plans` are proven to be all that no other plan dominates: small problems are solved exactly.
  public let isOptimal: Bool

  /// Computes the lower bound and near-optimal plans, and keeps the plans that no other dominates.
  ///
  /// 1. *Bound* (``BoundTrace``): the curve, and the prices of time at the deadlines to be searched.
  /// 2. *Plans* (``PlanSearch``): plans at and between these deadlines, as if changes of setting cost nothing.
  /// 3. *Switching* (``SwitchingSearch``): where changes of setting cost something, or are restricted, plans that
  ///   account for them.
  ///
  /// - Parameters:
  ///   - parallel: how searches run at the same time; the result is the same with any number of workers.
  ///   - mayContinue: is asked before each round of ``PlanEffort``, so that a caller may end the rounds by the clock.
  /// - Throws: ``FrontierError/cancelled``; the progress handle is asked at every corner and within every search for a
  ///   plan.
  /// - Complexity: that of ``ParametricFlow`` and, for each deadline, of ``BeamSearch`` and ``LocalSearch`` up to a
  ///   dozen times; for each round of ``PlanEffort`` twenty to forty times as many searches as in the last step of the
  ///   first search.
  public init(
    of problem: IterationProblem, options: CharacterizationOptions = CharacterizationOptions(),
    parallel: ParallelMap = .serial, progress: ProgressHandle = ProgressHandle(),
    mayContinue: (PlanRound) -> Bool = { _ in true }
  ) throws(FrontierError) {
    let costlySwitching = problem.switching.flatMap { $0.affectsPlans ? $0 : nil }
    let (first, second) =
      costlySwitching == nil ? (progress, progress) : (progress.part(0...0.3), progress.part(0.3...1))
    let space = PlanSpace(problem, scaled: ScaledProblem(problem))
    try progress.check()

    let bound = try BoundTrace(problem, options, in: space, first.part(0...0.1))
    // The same search with and without switching: only then are switch-aware plans never worse than unaware ones.
    let found = try PlanSearch.run(
      bound, options, in: space, enumerates: true, parallel, first.part(0.1...1), mayContinue: mayContinue)
    guard let costlySwitching else {
      self = try Frontier(problem, bound.curve, found.drafts, isOptimal: found.isComplete, progress) {
        space.choices(of: $0)
      }
      return
    }
    let switchingSpace = SwitchingSpace(problem, costlySwitching, base: space)
    let drafts = try SwitchingSearch.run(
      bound, startingFrom: found.drafts, options, in: switchingSpace, parallel, second)
    var enumeration = ParetoEnumeration(switchingSpace, bound, knowing: drafts)
    try enumeration.run(progress)
    self = try Frontier(problem, bound.curve, enumeration.plans, isOptimal: enumeration.isComplete, progress) {
      switchingSpace.choices(of: $0)
    }
  }

  /// Turns drafts into plans; `choices` maps the options of a search space to choices.
  private init(
    _ problem: IterationProblem, _ curve: LowerBoundCurve, _ drafts: [DraftPlan], isOptimal: Bool,
    _ progress: ProgressHandle, choices: ([Int32]) -> [UInt16]
  ) throws(FrontierError) {
    (self.curve, self.isOptimal) = (curve, isOptimal)
    var plans: [Plan] = []
    for draft in drafts {
      try progress.check()
      plans.append(Plan(draft, choices: choices(draft.options), of: problem, curve: curve))
    }
    self.plans = plans
  }

  /// The lower bound of a problem, and given plans evaluated against it.
  ///
  /// When measurements change, the bound has to be recomputed, but existing plans stay runnable. Evaluated with the new
  /// measurements and the new bound they make a certified frontier in a fraction of the time that a search takes. The
  /// fastest iteration is added, so that every feasible deadline has a plan.
  ///
  /// - Parameter choices: for each plan and instruction a position in its table's `efficient`.
  /// - Throws: ``FrontierError/cancelled``.
  /// - Complexity: that of ``ParametricFlow``, and O(plans x (instructions + dependencies)).
  public init(
    of problem: IterationProblem, carrying choices: [[UInt16]], precision: CurvePrecision = CurvePrecision(),
    progress: ProgressHandle = ProgressHandle()
  ) throws(FrontierError) {
    let curve = try LowerBoundCurve(of: problem, precision: precision, progress: progress)
    let space = PlanSpace(problem, scaled: ScaledProblem(problem))
    let fastest = (0..<space.count).map { space.optionStart[$0] }
    var drafts = [
      try LocalSearch(space).improved(fastest, deadline: space.longestPath(fastest), progress)
    ]
    for choices in choices {
      try progress.check()
      // Unsafe buffers are indexed by these choices from here on.
      precondition(
        choices.count == space.count
          && choices.indices.allSatisfy { Int(choices[$0]) < problem.table(of: $0).efficient.count },
        "a plan to be carried must choose one of the efficient options of each instruction")
      let options = (0..<space.count).map { space.optionStart[$0] + Int32(choices[space.instructions[$0]]) }
      drafts.append(DraftPlan(options, in: space))
    }
    let front = drafts.paretoFront(waitingJoulesPerTick: space.waitingJoulesPerTick)
    (self.curve, isOptimal) = (curve, false)
    plans = front.map { draft in
      let choices = space.choices(of: draft.options)
      return Plan(
        draft, choices: choices, of: problem, curve: curve, switchCount: problem.switchCount(ofChoices: choices))
    }
  }
}

// MARK: - Queries

extension Frontier {
  /// The least deadline that a plan keeps; above the curve's where changes of setting cost time.
  public var minimumPlanTimeSeconds: Double { max(curve.minimumTimeSeconds, plans[0].iterationTimeSeconds) }

  /// The cheapest plan that lasts at most as long as given, as an index into `plans`; nil below the fastest plan.
  ///
  /// - Complexity: O(log plans).
  public func planIndex(within iterationTimeSeconds: Double) -> Int? {
    let after = plans.partitioningIndex { $0.iterationTimeSeconds > iterationTimeSeconds }
    return after == 0 ? nil : after - 1
  }

  /// The fastest plan that draws at most the energy given; nil when even the cheapest draws more. O(log plans).
  public func planIndex(withinEnergyJoules energyJoules: Double) -> Int? {
    let index = plans.partitioningIndex { $0.energyJoules <= energyJoules }
    return index == plans.count ? nil : index
  }

  /// The fastest plan whose mean power is at most the watts given; nil when none is. Mean power falls along the plans.
  public func planIndex(withinAveragePowerWatts watts: Double) -> Int? {
    let index = plans.partitioningIndex { $0.energyJoules <= watts * $0.iterationTimeSeconds }
    return index == plans.count ? nil : index
  }

  /// The plan of least energy times time, or times a power of time. O(plans).
  public func leastEnergyDelayPlanIndex(delayExponent: Int) -> Int {
    // Relative to the fastest plan, so that no power of a time overflows.
    func product(_ plan: Plan) -> Double {
      let delay = plan.iterationTimeSeconds / plans[0].iterationTimeSeconds
      return (0..<delayExponent).reduce(plan.energyJoules) { product, _ in product * delay }
    }
    return plans.indices.min { product(plans[$0]) < product(plans[$1]) } ?? 0
  }
}
