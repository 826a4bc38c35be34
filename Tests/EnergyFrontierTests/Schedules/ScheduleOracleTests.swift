import Testing

@testable import EnergyFrontier

/// Orders that reference implementations printed; every one of them is generated exactly.
@Suite(.enabled(if: SharedData.isPresent, "\(SharedData.absence)")) struct ScheduleOracleTests {
  /// A printed order, and what it takes to generate it.
  struct Oracle: Sendable {
    let file: String
    let schedule: PipelineSchedule
    let ranks: Int
    let chunks: Int
    let microbatches: Int
    let groupSize: Int?

    init(_ family: String, _ schedule: PipelineSchedule, _ sizes: (ranks: Int, chunks: Int, microbatches: Int)) {
      let isShort = family.hasPrefix("lowtime") || family.hasPrefix("zb")
      let chunks = isShort ? "" : "_V\(sizes.chunks)"
      self.init("\(family)_P\(sizes.ranks)\(chunks)_M\(sizes.microbatches)", schedule, sizes, groupSize: nil)
    }

    init(
      _ file: String, _ schedule: PipelineSchedule, _ sizes: (ranks: Int, chunks: Int, microbatches: Int),
      groupSize: Int?
    ) {
      self.file = file
      self.schedule = schedule
      ranks = sizes.ranks
      chunks = sizes.chunks
      microbatches = sizes.microbatches
      self.groupSize = groupSize
    }
  }

  static let classic: [Oracle] =
    [(2, 1, 2), (2, 1, 4), (4, 1, 4), (4, 1, 8), (4, 1, 16)].flatMap {
      [Oracle("zb_basic1f1b", .oneForwardOneBackward, $0), Oracle("megatron", .oneForwardOneBackward, $0)]
    }
    + [(2, 1, 2), (2, 1, 3), (2, 1, 4), (2, 1, 5), (2, 1, 8), (4, 1, 3), (4, 1, 4), (4, 1, 8), (4, 1, 9), (4, 1, 16)]
    .map { Oracle("GPipe", .gpipe, $0) }
    + [(2, 1, 2), (2, 1, 4), (4, 1, 2), (4, 1, 4), (4, 1, 8), (4, 1, 9), (4, 1, 16)]
    .map { Oracle("lowtime_EarlyRecomp1F1B", .earlyRecomputationOneForwardOneBackward, $0) }

  static let megatronInterleaved: [Oracle] =
    [(2, 2, 2), (2, 2, 4), (2, 4, 2), (2, 4, 4), (4, 2, 4), (4, 2, 8), (4, 2, 16), (4, 4, 4), (4, 4, 8), (4, 4, 16)]
    .map { Oracle("megatron", .interleavedOneForwardOneBackward, $0) }
    + [(9, 4), (10, 5), (12, 6)].map { (microbatches: Int, group: Int) in
      Oracle(
        "megatron_P4_V2_M\(microbatches)_g\(group)", .interleavedOneForwardOneBackward, (4, 2, microbatches),
        groupSize: group)
    }

  /// PyTorch divides the microbatches evenly into max(1, M / P) groups.
  static let torchInterleaved: [Oracle] = [(2, 2), (2, 3), (2, 4), (2, 8), (4, 3), (4, 4), (4, 8), (4, 16)].flatMap {
    ranks, microbatches in
    let sizes = "M\(microbatches)"
    let group = microbatches / max(1, microbatches / ranks)
    return [
      Oracle(
        "Interleaved1F1B_P\(ranks)_V2_\(sizes)", .interleavedOneForwardOneBackward, (ranks, 2, microbatches),
        groupSize: group),
      Oracle(
        "Interleaved1F1B_v4_P\(ranks)_V4_\(sizes)", .interleavedOneForwardOneBackward, (ranks, 4, microbatches),
        groupSize: group),
      Oracle("InterleavedZeroBubble_P\(ranks)_V2_\(sizes)", .zbh1, (ranks, 2, microbatches), groupSize: group),
      Oracle("ZB1P_P\(ranks)_V1_\(sizes)", .zbh1, (ranks, 1, microbatches), groupSize: group),
    ]
  }

  static let vShaped: [Oracle] =
    [(2, 2, 2), (2, 2, 3), (2, 2, 4), (2, 2, 5), (2, 2, 8), (4, 2, 3), (4, 2, 4), (4, 2, 8), (4, 2, 9), (4, 2, 16)]
    .map { Oracle("ZBV", .zbv, $0) }
    + [(2, 2, 4), (2, 2, 5), (2, 2, 8), (4, 2, 8), (4, 2, 9), (4, 2, 16)].map { Oracle("DualPipeV", .dualpipev, $0) }

  @Test(arguments: classic + megatronInterleaved + torchInterleaved + vShaped)
  func isGeneratedExactly(oracle: Oracle) throws {
    let text = try #require(SharedData.read("schedules/\(oracle.file).csv"))
    let printed = try ScheduleCSV.parse(text)
    let ours = try ExpandedSchedule(
      ScheduleRecipe(
        oracle.schedule, stageCount: oracle.ranks * oracle.chunks, microbatchCount: oracle.microbatches,
        chunksPerRank: oracle.chunks, microbatchGroupSize: oracle.schedule.hasGroups ? oracle.groupSize : nil))
    #expect(ours.rankCount == oracle.ranks)
    for rank in 0..<oracle.ranks {
      #expect(Array(ours.order(ofRank: rank)) == Array(printed.order(ofRank: rank)), "\(oracle.file), rank \(rank)")
    }
    #expect(ours == printed)
    // Beside the empty cells and the communication, the export is the text that was printed.
    let cells = text.split(whereSeparator: \.isNewline).map { row in
      row.split(separator: ",").filter { !$0.contains("REDUCE_GRAD") }.joined(separator: ",") + "\n"
    }
    #expect(ScheduleCSV.text(ours) == cells.joined())
  }

  /// The folder holds 88 printed orders.
  @Test func noOracleIsLeftOut() {
    let all = Self.classic + Self.megatronInterleaved + Self.torchInterleaved + Self.vShaped
    #expect(Set(all.map(\.file)).count == 88)
  }
}
