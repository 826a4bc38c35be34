/// How a search chooses the next trial.
public enum Strategy: String, CaseIterable, Sendable {
  /// Successive halving over the clusters' medoids, then scaling prediction inside the surviving clusters (Mordal).
  case mordal
  /// Every candidate on little data, then single steps where the expected improvement on the leader is largest for its
  /// cost. Needs no clusters.
  case race
  /// Every candidate on all the data, in the order of the pool.
  case grid
  /// Candidates on all the data in a random order, until the budget is spent.
  case random
  /// All candidates on little data, the best share on more, and so on (Jamieson and Talwalkar 2016).
  case successiveHalving
  /// Successive halving with several starting fractions (Li et al. 2018).
  case hyperband
  /// Successive halving that promotes without waiting for a rung to fill (Li et al. 2020).
  case asha
  /// All candidates up to one fraction of the data, then the best extrapolation (Lin et al. 2024, "Accept then Stop").
  case ats

  /// The strategy before its first decision.
  func begin() -> any SearchStrategy {
    switch self {
    case .mordal: Mordal()
    case .race: Race()
    case .grid: Grid()
    case .random: RandomOrder()
    case .successiveHalving: SuccessiveHalving()
    case .hyperband: Hyperband()
    case .asha: AsynchronousHalving()
    case .ats: AcceptThenStop()
    }
  }

  /// The data fraction of the first evaluations where the settings name none.
  var defaultStartFraction: Double {
    switch self {
    case .race, .successiveHalving: 1.0 / 64
    default: 0.03
    }
  }
}
