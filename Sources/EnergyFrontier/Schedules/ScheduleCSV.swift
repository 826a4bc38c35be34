/// Schedules as PyTorch's `torch.distributed.pipelining` writes them: a row for each rank, a cell for each action.
///
/// A cell is `<stage><op><microbatch>` with op `F` (forward), `B` (whole backward), `I` (input gradient), `W` (weight
/// gradient), or an overlapped pair as `(0F7;7B3)OVERLAP_F_B`. Beyond PyTorch's, `R` is a recomputation and `FB` one
/// together with its backward. White space, quotes around a cell and empty cells mean nothing. Communication (`SEND_F`,
/// `RECV_F`, `SEND_B`, `RECV_B`, `UNSHARD`, `RESHARD`, `REDUCE_GRAD`) is read and left out: its order follows from the
/// other actions, and its time is no instruction here.
public enum ScheduleCSV {
  /// Reads and validates a schedule, in O(text + instructions log instructions).
  ///
  /// - Throws: ``FrontierError/invalidSchedule(_:)`` naming rank, column and cell.
  public static func parse(_ text: String) throws(FrontierError) -> ExpandedSchedule {
    var actions = ScheduleActions()
    for row in text.split(whereSeparator: \.isNewline) where !row.allSatisfy(\.isWhitespace) {
      for (column, cell) in row.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
        let cell = cell.filter { !$0.isWhitespace && $0 != "\"" }
        if cell.isEmpty || ScheduleActionReader.isCommunication(cell) { continue }
        guard let instruction = ScheduleActionReader.read(cell) else {
          let rank = actions.rankStart.count - 1
          throw .invalidSchedule(
            ScheduleError(
              at: .init(rank: rank, column: column, action: String(cell.prefix(64))),
              expected: "an action such as 0F3, 0B3, 0I3, 0W3, 0R3, 0FB3 or (0F3;7B1)OVERLAP_F_B",
              found: "no such action", fix: "correct or empty the cell"))
        }
        actions.append(instruction, column: column)
      }
      actions.endRank()
    }
    return try ExpandedSchedule(actions)
  }

  /// Writes a schedule without empty cells; each row ends in a line feed.
  public static func text(_ schedule: ExpandedSchedule) -> String {
    (0..<schedule.rankCount).map { rank in
      schedule.order(ofRank: rank).map(\.description).joined(separator: ",") + "\n"
    }.joined()
  }
}

/// Reads one cell of a schedule's CSV, white space removed.
enum ScheduleActionReader {
  private static let communications: Set<String> = [
    "SEND_F", "RECV_F", "SEND_B", "RECV_B", "UNSHARD", "RESHARD", "REDUCE_GRAD",
  ]

  /// The action, or nil when the cell is none.
  static func read(_ cell: String) -> ScheduledInstruction? {
    guard cell.hasPrefix("(") else { return single(cell[...]) }
    guard let end = cell.firstIndex(of: ")"), cell[cell.index(after: end)...] == "OVERLAP_F_B" else { return nil }
    let halves = cell[cell.index(after: cell.startIndex)..<end].split(
      separator: ";", omittingEmptySubsequences: false
    ).map { single($0) }
    guard halves.count == 2, let forward = halves[0], let backward = halves[1],
      forward.kind == .forward, backward.kind == .backward
    else { return nil }
    return ScheduledInstruction(
      stage: forward.stage, microbatch: forward.microbatch,
      overlapping: .init(stage: backward.stage, microbatch: backward.microbatch))
  }

  /// Whether the cell moves data; `0UNSHARD` and its like name no microbatch.
  static func isCommunication(_ cell: String) -> Bool {
    let (stage, op, _) = split(cell[...])
    return !stage.isEmpty && communications.contains(String(op))
  }

  private static func single(_ text: Substring) -> ScheduledInstruction? {
    let (stage, op, microbatch) = split(text)
    guard let stage = Int(stage), let microbatch = Int(microbatch) else { return nil }
    let kind: InstructionKind
    switch op {
    case "F": kind = .forward
    case "B": kind = .backward
    case "I": kind = .inputGradient
    case "W": kind = .weightGradient
    case "R": kind = .recompute
    case "FB": kind = .recomputeBackward
    default: return nil
    }
    return ScheduledInstruction(stage: stage, kind: kind, microbatch: microbatch)
  }

  /// Digits, what is between, and digits.
  private static func split(_ text: Substring) -> (stage: Substring, op: Substring, microbatch: Substring) {
    func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }
    let stage = text.prefix(while: isDigit)
    let rest = text.dropFirst(stage.count)
    let op = rest.prefix { !isDigit($0) }
    return (stage, op, rest.dropFirst(op.count))
  }
}
