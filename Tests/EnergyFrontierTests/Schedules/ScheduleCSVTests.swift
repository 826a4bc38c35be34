import Testing

@testable import EnergyFrontier

@Suite struct ScheduleCSVTests {
  @Test func readsWhatPyTorchWrites() throws {
    let schedule = try ScheduleCSV.parse(
      "\r\n0UNSHARD, 0F0 ,,0F1,\"0SEND_F0\", 0I0,0W0,0B1,0REDUCE_GRAD\r\n"
        + ",1F0,1RECV_F1,( 1F1 ; 1B0 ) OVERLAP_F_B,1R1,\t1B1,1RESHARD\n\n")
    #expect(ScheduleCSV.text(schedule) == "0F0,0F1,0I0,0W0,0B1\n1F0,(1F1;1B0)OVERLAP_F_B,1R1,1B1\n")
    #expect(schedule.rankOfStage == [0, 1])
    #expect(schedule.instructions.map(\.tableName)[6] == "forwardWithBackwardOf1")
  }

  /// Rank order, and across ranks only what flows between stages.
  @Test func dependenciesByHand() throws {
    let schedule = try ScheduleCSV.parse("0F0,0F1,0R0,0I0,0W0,0B1\n1F0,1F1,1B0,1FB1\n")
    let names = schedule.instructions.map(\.description)
    let found = Set(
      names.indices.flatMap { before in
        schedule.graph.successors(of: before).map { "\(names[before])>\(names[$0])" }
      })
    #expect(
      found == [
        "0F0>0F1", "0F1>0R0", "0R0>0I0", "0I0>0W0", "0W0>0B1", "1F0>1F1", "1F1>1B0", "1B0>1FB1",
        "0F0>1F0", "0F1>1F1", "0F0>0R0", "1F0>1B0", "1F1>1FB1", "1B0>0I0", "1FB1>0B1",
      ])
  }

  @Test func anOverlappedPairWaitsForBothHalves() throws {
    let schedule = try ExpandedSchedule(.dualpipev, stageCount: 4, microbatchCount: 4)
    let names = schedule.instructions.map(\.description)
    let pair = try #require(names.firstIndex(of: "(0F3;3B1)OVERLAP_F_B"))
    #expect(schedule.graph.successors(of: pair).map { names[$0] }.contains("(1F3;2B1)OVERLAP_F_B"))
    let below = try #require(names.firstIndex(of: "(1F3;2B1)OVERLAP_F_B"))
    #expect(schedule.graph.successors(of: below).map { names[$0] }.contains("(2F3;1B1)OVERLAP_F_B"))
  }

  @Test(arguments: [
    ("0F0,0X0", "rank 0, column 1, 0X0: expected an action such as"),
    ("0F0,0B0\n1F0,,B0", "rank 1, column 2, B0: expected an action such as"),
    ("0F0,0B", "rank 0, column 1, 0B: expected an action such as"),
    ("0F0,0B99999999999999999999", "rank 0, column 1, 0B99999999999999999999: expected an action"),
    ("0F0,(0F1;0F0)OVERLAP_F_B", "rank 0, column 1, (0F1;0F0)OVERLAP_F_B: expected an action"),
    ("0F0,(0F1;0B0)", "rank 0, column 1, (0F1;0B0): expected an action"),
    ("0F0,0B0,,0F0", "rank 0, column 3, 0F0: expected the forward of stage 0, microbatch 0 once, found it again"),
    ("0F0,0B0,0W0", "rank 0, column 2, 0W0: expected the weight gradient of stage 0, microbatch 0 once"),
    ("0F0,0R0,0FB0", "rank 0, column 2, 0FB0: expected the recomputation of stage 0, microbatch 0 once"),
    ("0F0,0I0", "expected the weight gradient of stage 0, microbatch 0, found none on any rank; add it on rank 0"),
    ("0F0,0F1,0B0", "expected the input gradient of stage 0, microbatch 1, found none"),
    ("0F0,0B0,2F0,2B0", "expected instructions of stage 1, as there are 2 and they count from 0, found none"),
    ("0F0,0B0,0F7,0B7", "expected instructions of microbatch 1, as there are 2"),
    ("0F0,0B0,1F1,2F2,3F3", "expected at least 16 instructions, as there are 4 stages and 4 microbatches, found 5"),
    ("0F0,0B0\n,,\n1F0,1B0", "expected instructions on rank 1, found none"),
    ("0F0,0B0,1F0\n,1B0", "rank 1, column 1, 1B0: expected stage 1 on one rank, found it on another, in rank 0, col"),
  ])
  func refusesWithRankColumnAndAction(text: String, message: String) throws {
    let fault = try #require(readingFault(text))
    #expect("\(fault)".hasPrefix(message), "\(fault)")
  }

  @Test func namesTheCircleOfADeadlock() throws {
    let gradientFirst = try #require(readingFault("0B0,0F0"))
    #expect(gradientFirst.place == .init(rank: 0, column: 0, action: "0B0"))
    #expect(gradientFirst.found.contains("0B0 -> 0F0 -> 0B0"), "\(gradientFirst)")

    // Each rank runs first what needs the other's second.
    let crossed = try #require(readingFault("0F0,0B1,0F1,0B0\n1F0,1F1,1B0,1B1\n"))
    #expect(crossed.place?.action == "0B1" || crossed.place?.action == "1F1", "\(crossed)")
    #expect(crossed.found.contains("rank"), "\(crossed)")

    let own = try #require(readingFault("0F0,(0F1;0B1)OVERLAP_F_B,0B0"))
    #expect(own.place == .init(rank: 0, column: 1, action: "(0F1;0B1)OVERLAP_F_B"))
    #expect(own.found == "halves of a pair that wait for each other")

    let late = try #require(readingFault("0F0,0B0,0R0"))
    #expect(late.place?.action == "0B0" || late.place?.action == "0R0", "\(late)")
    #expect(readingFault("0F0,0W0,0I0")?.place == .init(rank: 0, column: 1, action: "0W0"))
  }

  @Test func nothingIsNoSchedule() {
    for text in ["", " \n", ",,\n,"] { #expect(readingFault(text)?.expected == "an action") }
  }

  private func readingFault(_ text: String) -> ScheduleError? {
    do throws(FrontierError) {
      _ = try ScheduleCSV.parse(text)
    } catch {
      if case .invalidSchedule(let fault) = error { return fault }
    }
    return nil
  }
}
