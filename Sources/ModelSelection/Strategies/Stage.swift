internal import Basics

/// A step of a strategy: some candidates are to be brought to one data fraction; when all have got there, or will not any
/// more, the strategy decides what comes next.
struct Stage: Equatable, Sendable {
  let phase: SearchPhase
  /// Counts the fractions of one ladder from 0.
  let rung: Int
  let fraction: Double
  let members: [Int]
  /// Members before this one have been assigned or resolved, so asking again does not look at them.
  var firstOpen = 0

  init(_ phase: SearchPhase, rung: Int, fraction: Double, members: [Int]) {
    self.phase = phase
    self.rung = rung
    self.fraction = min(1, fraction)
    self.members = members
  }
}

/// What a strategy may know when a stage has ended.
struct StageView {
  let pool: Pool
  let settings: SearchSettings
  let states: [CandidateState]
  /// What is known of each candidate's final error; nil where nothing is.
  let finals: [FinalError?]
  /// Standard deviation of the log error of a cluster's members around their medoid's.
  let spread: Double
  let spentGPUSeconds: Double
  let gpuSecondsPerWeight: Double

  /// Candidates by a figure, least first, ties by their number.
  func sorted(_ candidates: [Int], by figure: (Int) -> Double) -> [Int] {
    candidates.map { (figure($0), $0) }.sorted { $0 < $1 }.map(\.1)
  }

  func isObserved(_ candidate: Int, at fraction: Double) -> Bool {
    (states[candidate].observations.last?.dataFraction ?? 0) >= fraction * (1 - 1e-9)
  }

  /// How many of `count` a halving keeps.
  func kept(of count: Int) -> Int { max(1, Int((Double(count) / settings.reductionFactor).rounded(.up))) }

  /// The fraction of a rung, from the start fraction on.
  func fraction(ofRung rung: Int) -> Double {
    var fraction = settings.startFraction
    for _ in 0..<rung { fraction *= settings.reductionFactor }
    return min(1, fraction)
  }
}

/// Random orders of candidates, a function of the seed.
struct CandidateOrder {
  private var generator: SplitMix64

  init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  /// A number to order an element by, the same whatever other elements there are.
  static func rank(_ element: Int, _ seed: UInt64) -> UInt64 {
    var generator = SplitMix64(seed: seed ^ (UInt64(bitPattern: Int64(element)) &* 0xD134_2543_DE82_EF95))
    return generator.next()
  }

  /// 0..<count in a random order (Fisher and Yates).
  mutating func order(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, Int(generator.next() % UInt64(last + 1))) }
    return order
  }
}
