/// Chooses which deadline to search again by beam and how, until the effort is used up.
///
/// **Why.** How well a beam does at a deadline is partly luck: with other guidance or in the other direction it may
/// lose half as much, no setting is best everywhere, and a wider beam helps less than a different one. So the effort
/// goes into many narrow searches that differ, most of them where the loss against the bound is greatest.
///
/// **Order.** Next is the deadline whose loss, divided by one more than its searches so far, is greatest: bad ones come
/// often, and the others in between.
///
/// **Diverse searches.** Guided by the best plan so far, a search mostly returns to it. So the *diverse* searches use
/// the prices of other deadlines, which are as valid (the identity of ``BoundPrices`` holds for any flow, up to a
/// constant), and the times of plans that neighbours keep, stretched. Their deadlines are taken by the square root of
/// the loss, so that those near the bound are searched, too.
struct Refinement {
  enum Kind: Equatable {
    /// Each deadline with its own prices and plan, at most once with each guidance and direction.
    case basic
    /// Other prices and plans as well, in an order that differs from round to round.
    case diverse(round: Int)
  }

  /// How a deadline is searched.
  struct Variant: Sendable {
    var isBackward: Bool
    var guidance: BeamSearch.Guidance
    /// The deadline whose prices are used, counted from the own one.
    var priceOffset = 0
    /// The deadline whose incumbent's times guide the search, counted from the own one.
    var guideOffset = 0
    var isWide = false
  }

  /// A deadline to search, as an index into the targets, and how.
  struct Task: Sendable {
    let target: Int
    let variant: Variant
  }

  private let kind: Kind
  private let sufficientGapFraction: Double
  let mostSearches: Int
  private(set) var searchesDone = 0
  /// Searches of each target so far.
  private var searches: [Int]

  init(_ kind: Kind, targetCount: Int, mostSearches: Int, sufficientGapFraction: Double = 0) {
    self.kind = kind
    self.mostSearches = mostSearches
    self.sufficientGapFraction = max(sufficientGapFraction, Self.leastGapFraction)
    searches = Array(repeating: 0, count: targetCount)
  }

  /// The deadline to search next and how; nil when there is nothing more to do. O(deadlines).
  mutating func next(_ incumbents: Incumbents) -> Task? {
    if searchesDone == mostSearches { return nil }
    var worst: Int?
    var greatest = 0.0
    for (index, target) in incumbents.targets.enumerated() {
      if kind == .basic && searches[index] == Self.variants.count { continue }
      if target.loss <= sufficientGapFraction * target.boundJoules { continue }
      let urgency = (kind == .basic ? target.loss : target.loss.squareRoot()) / Double(searches[index] + 1)
      if urgency > greatest { (worst, greatest) = (index, urgency) }
    }
    guard let worst else { return nil }
    defer {
      searches[worst] += 1
      searchesDone += 1
    }
    return Task(target: worst, variant: variant(searches[worst]))
  }

  /// The next tasks, at most `count`, chosen without waiting for each other's results.
  mutating func next(_ count: Int, _ incumbents: Incumbents) -> [Task] {
    var tasks: [Task] = []
    while tasks.count < count, let task = next(incumbents) { tasks.append(task) }
    return tasks
  }

  /// Each guidance in both directions of time.
  private static let variants = [(0.4, 0.8), (0.2, 0.4), (0.1, 0.2), (0.8, 0.8)].flatMap { early, late in
    [false, true].map { Variant(isBackward: $0, guidance: BeamSearch.Guidance(early: early, late: late)) }
  }

  /// The lists have lengths without common factors, so that combinations rarely repeat; each round starts elsewhere.
  private func variant(_ searches: Int) -> Variant {
    guard case .diverse(let round) = kind else { return Self.variants[searches] }
    let number = searches + 37 * round
    var variant = Self.variants[number % Self.variants.count]
    variant.priceOffset = Self.priceOffsets[number % Self.priceOffsets.count]
    variant.guideOffset = Self.guideOffsets[number / 2 % Self.guideOffsets.count]
    variant.isWide = number / 4 % 2 == 1
    return variant
  }

  private static let priceOffsets = [0, -1, 1, -2, 2, -4, 4, -8, 8]
  private static let guideOffsets = [0, 1, 0, -1, 0]
  /// A smaller share of the energy is not worth a search.
  private static let leastGapFraction = 1e-6
}
