import Testing

@testable import EnergyFrontier

/// Sends, receives, gathers and reductions of PyTorch's `compute_comms` schedules.
@Suite struct CommunicationTests {
  /// As PyTorch lowers 1F1B of two stages and two microbatches with FSDP.
  static let lowered = """
    0UNSHARD,0F0,0SEND_F0,0F1,0SEND_F1,0RECV_B0,0B0,0RECV_B1,0B1,0REDUCE_GRAD,0RESHARD
    1UNSHARD,1RECV_F0,1F0,1B0,1SEND_B0,1RECV_F1,1F1,1B1,1SEND_B1,1REDUCE_GRAD,1RESHARD

    """

  @Test func orderIsKept() throws {
    let kept = try ScheduleCSV.parse(Self.lowered, keepsCommunication: true)
    #expect(ScheduleCSV.text(kept) == Self.lowered)
    #expect(kept.instructions.count == 22)
    let leftOut = try ScheduleCSV.parse(Self.lowered)
    #expect(ScheduleCSV.text(leftOut) == "0F0,0F1,0B0,0B1\n1F0,1B0,1F1,1B1\n")
  }

  @Test func whatFlowsGoesByWayOfSendsAndReceives() throws {
    let schedule = try ScheduleCSV.parse(Self.lowered, keepsCommunication: true)
    let index = Dictionary(uniqueKeysWithValues: schedule.instructions.enumerated().map { ("\($1)", $0) })
    func needs(_ action: String) -> Set<String> {
      Set(schedule.graph.predecessors(of: index[action]!).map { "\(schedule.instructions[$0])" })
    }
    #expect(needs("1RECV_F0") == ["1UNSHARD", "0SEND_F0"])
    #expect(needs("1F0") == ["1RECV_F0"])
    #expect(needs("0RECV_B0") == ["0SEND_F1", "1SEND_B0"])
    #expect(needs("0SEND_F1") == ["0F1"])
    #expect(needs("1SEND_B1") == ["1B1"])
    #expect(needs("0RESHARD") == ["0REDUCE_GRAD"])
  }

  /// A receive without a send waits for the computation, a computation without a receive for the send.
  @Test func halvesMayBeMissing() throws {
    let schedule = try ScheduleCSV.parse("0F0,0SEND_F0,0B0\n1F0,1B0\n", keepsCommunication: true)
    #expect(Set(schedule.graph.predecessors(of: 3)) == [1])
    let other = try ScheduleCSV.parse("0F0,0RECV_B0,0B0\n1RECV_F0,1F0,1B0\n", keepsCommunication: true)
    #expect(Set(other.graph.predecessors(of: 3)) == [0])
    #expect(Set(other.graph.predecessors(of: 1)) == [0, 5])
  }

  /// A receive that is posted behind what it feeds never ends, nor do two ranks that wait for each other's later send.
  @Test(arguments: [
    "0F0,0SEND_F0,0B0\n1F0,1RECV_F0,1B0\n",
    "0F0,0SEND_F0,0RECV_B1,0F1,0SEND_F1,0B1,0B0\n1RECV_F0,1F0,1RECV_F1,1F1,1B1,1SEND_B1,1B0\n",
  ])
  func badlyPostedReceivesAreRefused(text: String) {
    let error = #expect(throws: FrontierError.self) { try ScheduleCSV.parse(text, keepsCommunication: true) }
    guard case .invalidSchedule(let fault) = error else { return }
    #expect(fault.expected == "an order that ends")
    #expect(throws: Never.self) { try ScheduleCSV.parse(text) }
  }

  @Test(arguments: ["0SEND_F", "0UNSHARD1", "SEND_F0", "0SENDF0", "0RECV_F-1"])
  func malformedCellsAreRefused(cell: String) {
    let text = "0F0,\(cell),0B0\n"
    let error = #expect(throws: FrontierError.self) { try ScheduleCSV.parse(text, keepsCommunication: true) }
    guard case .invalidSchedule(let fault) = error else { return }
    #expect(fault.place?.column == 1)
  }
}
