internal import Basics

/// Which global rank of a job runs which pipeline rank of which replica: the widths of its other kinds of parallelism,
/// and their order.
///
/// An order such as `tp-cp-ep-dp-pp`, Megatron's default, names the kind whose index changes from one global rank to
/// the next first: `global = tp + cp * TP + dp * TP * CP + pp * TP * CP * DP` (Megatron-LM,
/// `megatron/core/parallel_state.py`, `RankGenerator`). `ep` is accepted where Megatron has it: expert parallelism
/// divides the ranks of the other kinds differently, so its width is 1 here.
///
/// Where the ranks of a pipeline have different tensor-parallel widths, those that follow each other with the same
/// width are a block. Global ranks count block after block, each in this order by itself, as Megatron puts the ranks of
/// an encoder before those of the decoder.
package struct RankLayout: Sendable, Equatable {
  package enum Axis: String, Sendable, CaseIterable {
    case tensor = "tp"
    case context = "cp"
    case expert = "ep"
    case data = "dp"
    case pipeline = "pp"
  }

  /// Where one global rank is.
  package struct Place: Sendable, Equatable {
    package let rank: Int
    package let replica: Int
    /// Nil where an explicit map says only rank and replica.
    package var tensorIndex: Int?
    package var contextIndex: Int?

    package init(rank: Int, replica: Int) { (self.rank, self.replica) = (rank, replica) }
  }

  package static let megatronOrder: [Axis] = [.tensor, .context, .expert, .data, .pipeline]

  package var contextParallelWidth = 1
  /// The axis that changes fastest first.
  package var order = RankLayout.megatronOrder
  /// For each global rank its place, instead of an order.
  package var map: [Place]?
  /// For each pipeline rank the GPU it was defined with.
  package var gpus: [String]?

  package init() {}

  package var orderText: String { order.map(\.rawValue).joined(separator: "-") }

  /// Reads an order; nil when a part is unknown, repeated or missing. `ep` may be missing.
  package static func order(_ text: String) -> [Axis]? {
    let parts = text.lowercased().utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    let axes = parts.compactMap { Axis(named: ExactString(String(Substring($0)))) }
    guard axes.count == parts.count, Set(axes).count == axes.count,
      Axis.allCases.allSatisfy({ $0 == .expert || axes.contains($0) })
    else { return nil }
    return axes
  }
}

extension PipelineDefinition {
  package var rankCount: Int { rankBlockingPowerWatts.count }

  /// What all ranks have in common of the devices behind them, which share its stages or repeat them.
  package var deviceMultiplicity: Int { commonTensorWidth * layout.contextParallelWidth * dataParallelWidth }

  /// The largest width of which each rank's is a multiple.
  private var commonTensorWidth: Int { rankTensorWidths.reduce(0, greatestCommonDivisor) }

  /// For each rank its devices in units of ``deviceMultiplicity``.
  package var rankDeviceCounts: [Int] { rankTensorWidths.map { $0 / commonTensorWidth } }

  /// Devices behind all ranks, of all replicas.
  package var deviceCount: Int {
    rankTensorWidths.reduce(0, +) * layout.contextParallelWidth * dataParallelWidth
  }

  /// Global ranks, of all replicas.
  package var worldSize: Int { layout.map?.count ?? deviceCount }

  /// Where a global rank is; nil beyond the last. O(ranks).
  package func place(ofGlobalRank globalRank: Int) -> RankLayout.Place? {
    guard globalRank >= 0, globalRank < worldSize else { return nil }
    if let map = layout.map { return map[globalRank] }
    var (rest, index) = (globalRank, [RankLayout.Axis: Int]())
    var block = rankBlock(from: 0)
    while rest >= deviceCount(of: block) {
      rest -= deviceCount(of: block)
      block = rankBlock(from: block.upperBound)
    }
    for axis in layout.order {
      let width = width(axis, of: block)
      index[axis] = rest % width
      rest /= width
    }
    var place = RankLayout.Place(rank: block.lowerBound + (index[.pipeline] ?? 0), replica: index[.data] ?? 0)
    place.tensorIndex = index[.tensor]
    place.contextIndex = index[.context]
    return place
  }

  /// The stages that a rank holds, rising.
  package func stages(ofRank rank: Int) -> [Int] { rankOfStage.indices.filter { rankOfStage[$0] == rank } }

  /// The ranks from one on that have its width.
  private func rankBlock(from rank: Int) -> Range<Int> {
    let end = rankTensorWidths[rank...].firstIndex { $0 != rankTensorWidths[rank] }
    return rank..<(end ?? rankCount)
  }

  private func deviceCount(of block: Range<Int>) -> Int {
    RankLayout.Axis.allCases.reduce(1) { $0 * width($1, of: block) }
  }

  private func width(_ axis: RankLayout.Axis, of block: Range<Int>) -> Int {
    switch axis {
    case .tensor: rankTensorWidths[block.lowerBound]
    case .context: layout.contextParallelWidth
    case .expert: 1
    case .data: dataParallelWidth
    case .pipeline: block.count
    }
  }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
  var (a, b) = (a, b)
  while b != 0 { (a, b) = (b, a % b) }
  return a
}
