/// Chooses which deadline to search again, and how, until the effort is spent.
///
/// **Why.** How well a beam does at a deadline is partly luck: with other guidance or in the other direction it may lose half
/// as much, no setting is best everywhere, and a wider beam helps less than a different one. So the effort goes into many
/// narrow searches that differ, most of them where the loss against the bound is greatest.
///
/// **Order.** Next is the deadline whose loss, divided by one more than its searches so far, is greatest: bad ones come
/// often, and the others in between.
///
/// **Effort.** Two searches for five instructions: small problems are done at once, larger ones are searched more
/// thoroughly. So that the time stays linear in the end, all searches together go through about ``mostPlaces`` places, or as
/// many as one search of each deadline takes.
struct Refinement {
  struct Target {
    let deadline: Int64
    let prices: BoundPrices
    /// The bound at the deadline in joules of one device per rank, waiting included.
    let boundJoules: Double
    /// The cheapest plan that keeps the deadline.
    var incumbent: DraftPlan
    /// Joules of the incumbent, waiting included.
    var joules: Double
    var searches = 0
  }

  /// A search guided by the incumbent's times.
  struct Variant {
    let isBackward: Bool
    let guidance: BeamSearch.Guidance
  }

  private(set) var targets: [Target]
  private(set) var searchesDone = 0
  let mostSearches: Int

  init(_ targets: [Target], in space: PlanSpace) {
    self.targets = targets
    mostSearches = max(targets.count, min(2 * space.count / 5, Self.mostPlaces / max(1, space.count)))
  }

  /// The deadline to search and with what; nil when there is nothing more to do. O(deadlines).
  mutating func next() -> (target: Target, variant: Variant)? {
    if searchesDone == mostSearches { return nil }
    var worst: Int?
    var greatest = 0.0
    for (index, target) in targets.enumerated() where target.searches < Self.variants.count {
      let loss = target.joules - target.boundJoules
      if loss <= Self.leastLossShare * target.joules { continue }
      let urgency = loss / Double(target.searches + 1)
      if urgency > greatest { (worst, greatest) = (index, urgency) }
    }
    guard let worst else { return nil }
    let target = targets[worst]
    targets[worst].searches += 1
    searchesDone += 1
    return (target, Self.variants[target.searches])
  }

  /// Makes a new plan the incumbent of every deadline that it serves better; `joules` include waiting.
  mutating func offer(_ draft: DraftPlan, joules: Double) {
    for index in targets.indices where targets[index].deadline >= draft.ticks && joules < targets[index].joules {
      targets[index].incumbent = draft
      targets[index].joules = joules
    }
  }

  /// What each deadline is searched with, one after the other, each both ways.
  private static let variants = [(0.4, 0.8), (0.2, 0.4), (0.1, 0.2), (0.8, 0.8)].flatMap { early, late in
    [false, true].map { Variant(isBackward: $0, guidance: BeamSearch.Guidance(early: early, late: late)) }
  }

  /// Places that all searches together may go through, unless each deadline's first search takes more.
  private static let mostPlaces = 1_200_000
  /// A smaller share of the energy is not worth a search.
  private static let leastLossShare = 1e-6
}
