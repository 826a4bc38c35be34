package import Basics
package import EnergyFrontier

/// What the engine's independent checkers found of a whole frontier: of every piece of the curve and of every plan.
package struct FrontierCertificate: Sendable {
  package let curve: CurveCertificate
  package let checkedPlanCount: Int
  /// The largest difference between what a plan reports and what its choices give when they are run again, relative.
  package let largestPlanError: Double
  /// What failed first, in words; nil when the frontier is proven.
  package let failure: String?

  /// Checks a frontier of `problem`; costs some thirty times what tracing the curve does.
  ///
  /// - Throws: ``FrontierError/cancelled``.
  package init(
    _ frontier: Frontier, of problem: IterationProblem, precision: CurvePrecision, progress: ProgressHandle
  ) throws(FrontierError) {
    // The frontier's own progress has reached 100 %; checking reports none.
    curve = try CurveCertificate.certify(
      problem, precision: precision, progress: ProgressHandle(isCancelled: progress.isCancelled))
    let plans = try frontier.plans.map { (plan) throws(FrontierError) in
      try progress.check()
      return PlanCertificate(of: plan, problem: problem, curve: frontier.curve)
    }
    checkedPlanCount = plans.count
    largestPlanError = plans.reduce(0) { max($0, $1.largestRelativeError) }
    let failedPlan = plans.firstIndex { !$0.holds }
    failure =
      curve.failure.map { "the curve: \($0)" }
      ?? failedPlan.map { "plan \($0): \(plans[$0].failure.map { "\($0)" } ?? "")" }
  }
}
