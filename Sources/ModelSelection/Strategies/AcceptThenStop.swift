/// Every candidate on growing data up to the observed fraction; the extrapolation of the curves then ranks them (AtS:
/// Lin et al. 2024, arXiv 2402.02314).
struct AcceptThenStop: RungStrategy {
  var progress = RungProgress()
  /// The rung last begun; nil before the first.
  private var rung: Int?

  mutating func nextRung(_ context: StrategyContext, stopped: inout [Int]) -> Rung? {
    let observed = context.settings.observedFraction
    if let rung, context.fraction(ofRung: rung) >= observed { return nil }
    let next = rung.map { $0 + 1 } ?? 0
    rung = next
    return Rung(
      .baseline, number: next, fraction: min(context.fraction(ofRung: next), observed),
      members: Array(context.pool.candidates.indices))
  }
}
