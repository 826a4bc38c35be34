/// How long changes between settings take, where that depends on the two settings.
///
/// A setting may have several *knobs*, as a core clock, a memory clock and a power limit. A driver sets them by one
/// call after another, so a change takes the sum over the knobs that differ and not the longest of them. Whatever else
/// differs takes what the rank says for any change, once. A *pair* of settings may have a time of its own, in its
/// direction alone, instead of all this: raising a clock and lowering it need not take the same.
///
/// A change is direct: no detour over a third setting is taken, even where it would be shorter.
public struct SwitchLatencies: Sendable, Equatable {
  /// Seconds that each knob takes.
  let knobSeconds: [Double]
  /// For each setting a number of each knob's value, setting after setting; equal values, equal numbers.
  private let knobValues: [Int]
  /// For each setting a number of everything that is no such knob.
  private let rests: [Int]
  /// By the place of `from` and `to` in a square of all settings.
  private let pairSeconds: [Int: Double]

  /// A pair of settings whose change takes a time of its own.
  public struct Pair: Sendable, Equatable {
    public let from: Int
    public let to: Int
    public let seconds: Double

    public init(from: Int, to: Int, seconds: Double) {
      (self.from, self.to, self.seconds) = (from, to, seconds)
    }
  }

  /// - Parameters:
  ///   - knobSeconds: what each knob takes.
  ///   - knobValues: for each setting a number of each knob's value.
  ///   - rests: for each setting a number of everything else.
  ///   - pairs: of settings by their numbers, each at most once.
  /// - Throws: ``FrontierError/invalidSwitchLatency(seconds:)`` for a time that is negative or beyond
  ///   ``Measurement/acceptedRange``.
  public init(
    knobSeconds: [Double], knobValues: [[Int]], rests: [Int], pairs: [Pair]
  ) throws(FrontierError) {
    precondition(knobValues.count == rests.count && knobValues.allSatisfy { $0.count == knobSeconds.count })
    for seconds in knobSeconds + pairs.map(\.seconds) {
      guard seconds >= 0, seconds <= Measurement.acceptedRange.upperBound else {
        throw .invalidSwitchLatency(seconds: seconds)
      }
    }
    self.knobSeconds = knobSeconds
    self.knobValues = knobValues.flatMap(\.self)
    self.rests = rests
    let count = rests.count
    pairSeconds = Dictionary(uniqueKeysWithValues: pairs.map { ($0.from * count + $0.to, $0.seconds) })
  }

  var settingCount: Int { rests.count }

  /// Whether no change takes longer than the rank says for any.
  var isFree: Bool { knobSeconds.allSatisfy { $0 == 0 } && pairSeconds.values.allSatisfy { $0 == 0 } }

  /// No change takes longer.
  ///
  /// - Parameter other: what the rank says for any change.
  func longestSeconds(other: Double) -> Double {
    max(knobSeconds.reduce(other, +), pairSeconds.values.max() ?? 0)
  }

  /// Seconds of a change between two settings that differ. O(knobs).
  ///
  /// - Parameter other: what the rank says for any change.
  func seconds(from: Int, to: Int, other: Double) -> Double {
    if !pairSeconds.isEmpty, let seconds = pairSeconds[from * settingCount + to] { return seconds }
    var sum = rests[from] == rests[to] ? 0 : other
    let count = knobSeconds.count
    for knob in 0..<count where knobValues[from * count + knob] != knobValues[to * count + knob] {
      sum += knobSeconds[knob]
    }
    return sum
  }
}

/// ``SwitchLatencies`` in ticks, for searches that ask millions of times.
struct SwitchLatencyTicks: Sendable {
  /// For each rank where its table begins in `ticks`; ranks that say the same share one. Empty where that would take
  /// too much room.
  private let tableStart: [Int]
  private let ticks: [Int64]
  private let settingCount: Int
  private let compute: @Sendable (_ rank: Int, _ from: Int, _ to: Int) -> Int64
  /// For each rank the longest change.
  let longest: [Int64]

  /// Entries that take 8 MB.
  private static let mostEntries = 1 << 20

  /// Nil where each rank's changes all take the same.
  init?(_ problem: IterationProblem, _ switching: Switching) {
    guard let latencies = switching.latencies else { return nil }
    let own = switching.ranks.map(\.cost.latencySeconds)
    compute = { rank, from, to in
      from == to ? 0 : problem.ticks(latencies.seconds(from: from, to: to, other: own[rank]))
    }
    settingCount = latencies.settingCount
    longest = own.map { problem.ticks(latencies.longestSeconds(other: $0)) }
    let distinct = Array(Set(own)).sorted()
    guard distinct.count * settingCount * settingCount <= Self.mostEntries else {
      (tableStart, ticks) = ([], [])
      return
    }
    let size = settingCount * settingCount
    tableStart = own.map { distinct.firstIndex(of: $0)! * size }
    var ticks: [Int64] = []
    ticks.reserveCapacity(distinct.count * size)
    for seconds in distinct {
      let rank = own.firstIndex(of: seconds)!
      for from in 0..<settingCount {
        for to in 0..<settingCount { ticks.append(compute(rank, from, to)) }
      }
    }
    self.ticks = ticks
  }

  /// Ticks of a change; 0 between equal settings.
  @inline(__always)
  func callAsFunction(_ rank: Int, _ from: Int32, _ to: Int32) -> Int64 {
    tableStart.isEmpty
      ? compute(rank, Int(from), Int(to)) : ticks[tableStart[rank] + Int(from) * settingCount + Int(to)]
  }
}
