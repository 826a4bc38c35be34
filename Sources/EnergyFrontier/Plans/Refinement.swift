/// Chooses which deadline to search again and how, until the effort is used up.
///
/// **Why.** How well a beam does at a deadline is partly luck: with other guidance or in the other direction it may
/// lose half as much, no setting is best everywhere, and a wider beam helps less than a different one. So the effort
/// goes into many narrow searches that differ, most of them where the loss against the bound is greatest.
///
/// **Order.** Next is the deadline whose loss, divided by one more than its searches so far, is greatest: bad ones come
/// often, and the others in between.
///
/// **Effort.** Two searches for five instructions: small problems are done at once, larger ones are searched more
/// thoroughly. So that the time stays linear in the end, all searches together go through about ``mostPositions``
/// positions, or as many as one search of each deadline takes.
///
/// **Rounds.** Guided by the best plan so far, a search mostly comes back to it. So where more effort is asked for, a
/// *round* goes by the prices of other deadlines, too, which are as valid (the identity of ``BoundPrices`` holds for
/// any flow, up to a constant), and by the times of plans that others keep, stretched. It also searches between the
/// deadlines, where there are only splices before. Each round begins with what the first searches found and not with
/// what earlier rounds did, since what one misses another finds; deadlines are taken by the square root of the loss, so
/// that those near the bound are searched, too.
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

  /// How a deadline is searched.
  struct Variant {
    var isBackward: Bool
    var guidance: BeamSearch.Guidance
    /// Whose prices it goes by, in deadlines counted from its own.
    var priceOffset = 0
    /// Whose incumbent's times it is guided by.
    var guideOffset = 0
    var isWide = false
  }

  /// A deadline to search: its number, and how.
  struct Task {
    let target: Int
    let variant: Variant
  }

  private(set) var targets: [Target]
  private(set) var searchesDone = 0
  let mostSearches: Int
  /// Nil for the first refinement.
  private let round: Int?
  private let sufficientGapFraction: Double

  init(_ targets: [Target], round: Int? = nil, sufficientGapFraction: Double = 0, in space: PlanSpace) {
    self.targets = targets
    self.round = round
    self.sufficientGapFraction = max(sufficientGapFraction, Self.leastGapFraction)
    let first = max(targets.count, min(2 * space.count / 5, Self.mostPositions / max(1, space.count)))
    mostSearches = round == nil ? first : Self.searchesInRound * first
  }

  /// The deadline to search next and how; nil when there is nothing more to do. O(deadlines).
  mutating func next() -> Task? {
    if searchesDone == mostSearches { return nil }
    var worst: Int?
    var greatest = 0.0
    for (index, target) in targets.enumerated() where round != nil || target.searches < Self.variants.count {
      let loss = target.joules - target.boundJoules
      if loss <= sufficientGapFraction * target.boundJoules { continue }
      let urgency = (round == nil ? loss : loss.squareRoot()) / Double(target.searches + 1)
      if urgency > greatest { (worst, greatest) = (index, urgency) }
    }
    guard let worst else { return nil }
    targets[worst].searches += 1
    searchesDone += 1
    let searches = targets[worst].searches - 1
    return Task(target: worst, variant: round.map { Self.variant(searches, round: $0) } ?? Self.variants[searches])
  }

  /// The target at an offset from another, or the outermost there is.
  func target(_ index: Int, offset: Int) -> Target { targets[min(max(0, index + offset), targets.count - 1)] }

  /// Makes a new plan the incumbent of every deadline that it serves better; `joules` include waiting.
  ///
  /// - Returns: whether there was one.
  @discardableResult
  mutating func offer(_ draft: DraftPlan, joules: Double) -> Bool {
    var isWelcome = false
    for index in targets.indices where targets[index].deadline >= draft.ticks && joules < targets[index].joules {
      targets[index].incumbent = draft
      targets[index].joules = joules
      isWelcome = true
    }
    return isWelcome
  }

  /// What each deadline is searched with at first, one after the other, each both ways.
  private static let variants = [(0.4, 0.8), (0.2, 0.4), (0.1, 0.2), (0.8, 0.8)].flatMap { early, late in
    [false, true].map { Variant(isBackward: $0, guidance: BeamSearch.Guidance(early: early, late: late)) }
  }

  /// The lists have lengths without common factors, so that combinations rarely repeat; each round starts elsewhere.
  private static func variant(_ searches: Int, round: Int) -> Variant {
    let number = searches + 37 * round
    var variant = variants[number % variants.count]
    variant.priceOffset = priceOffsets[number % priceOffsets.count]
    variant.guideOffset = guideOffsets[number / 2 % guideOffsets.count]
    variant.isWide = number / 4 % 2 == 1
    return variant
  }

  private static let priceOffsets = [0, -1, 1, -2, 2, -4, 4, -8, 8]
  private static let guideOffsets = [0, 1, 0, -1, 0]

  /// Places that all searches together may go through, unless each deadline's first search takes more.
  private static let mostPositions = 1_200_000
  private static let searchesInRound = 20
  /// A smaller share of the energy is not worth a search.
  private static let leastGapFraction = 1e-6
}
