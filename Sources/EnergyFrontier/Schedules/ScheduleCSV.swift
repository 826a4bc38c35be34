internal import Basics

/// Schedules as PyTorch's `torch.distributed.pipelining` writes them: a row for each rank, a cell for each action.
///
/// A cell is `<stage><op><microbatch>` with op `F` (forward), `B` (whole backward), `I` (input gradient), `W` (weight
/// gradient), or an overlapped pair as `(0F7;7B3)OVERLAP_F_B`. Beyond PyTorch's, `R` is a recomputation and `FB` one
/// together with its backward. White space and empty cells mean nothing. Communication (`SEND_F`, `RECV_F`, `SEND_B`,
/// `RECV_B`, `UNSHARD`, `RESHARD`, `REDUCE_GRAD`, PyTorch's format `compute_comms`) is left out, or kept in its order.
public enum ScheduleCSV {
  /// Reads and validates a schedule, in O(text + instructions).
  ///
  /// - Parameters:
  ///   - encoderStages: As in ``ExpandedSchedule/init(orders:encoderStages:)``.
  ///   - keepsCommunication: Whether what moves data becomes instructions.
  /// - Throws: ``FrontierError/invalidSchedule(_:)`` naming rank, column and cell.
  public static func parse(
    _ text: String, encoderStages: [Int] = [], keepsCommunication: Bool = false
  ) throws(FrontierError) -> ExpandedSchedule {
    let table: CSVTable
    do throws(CSVTable.SyntaxError) {
      table = try CSVTable(text)
    } catch {
      throw .invalidSchedule(
        ScheduleError(
          expected: error.expected, found: "\(error.found) in line \(error.line), cell \(error.field)",
          fix: "correct the quotation marks"))
    }
    var actions = ScheduleActions()
    for rank in 0..<table.rowCount {
      for column in 0..<table.fieldCount(ofRow: rank) where !table.isEmpty(row: rank, field: column) {
        var cell = table.rawBytes(row: rank, field: column)
        if cell.contains(where: isSpace) { cell = cell.filter { !isSpace($0) }[...] }
        if cell.isEmpty || (!keepsCommunication && ScheduleActionReader.isCommunication(cell)) { continue }
        guard let instruction = ScheduleActionReader.read(cell) else {
          throw .invalidSchedule(
            ScheduleError(
              at: .init(rank: rank, column: column, action: String(String(decoding: cell, as: UTF8.self).prefix(64))),
              expected: "an action such as 0F3, 0B3, 0I3, 0W3, 0R3, 0FB3 or (0F3;7B1)OVERLAP_F_B",
              found: "no such action", fix: "correct or empty the cell"))
        }
        actions.append(instruction, column: column)
      }
      actions.endRank()
    }
    return try ExpandedSchedule(actions, encoderStages: encoderStages)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (9...13).contains(byte) }

  /// Writes a schedule without empty cells; each row ends in a line feed.
  public static func text(_ schedule: ExpandedSchedule) -> String {
    (0..<schedule.rankCount).map { rank in
      schedule.order(ofRank: rank).map(\.description).joined(separator: ",") + "\n"
    }.joined()
  }
}

/// Reads one cell of a schedule's CSV, white space removed.
enum ScheduleActionReader {
  private static let communications = InstructionKind.allCases.compactMap { kind in
    kind.communicationName.map { (kind: kind, name: $0) }
  }

  /// The action, or nil when the cell is none.
  static func read(_ cell: ArraySlice<UInt8>) -> ScheduledInstruction? {
    guard cell.first == UInt8(ascii: "(") else { return single(cell) }
    guard let end = cell.firstIndex(of: UInt8(ascii: ")")), cell[(end + 1)...].equals("OVERLAP_F_B") else { return nil }
    let halves = cell[(cell.startIndex + 1)..<end].split(
      separator: UInt8(ascii: ";"), omittingEmptySubsequences: false
    ).map(single)
    guard halves.count == 2, let forward = halves[0], let backward = halves[1],
      forward.kind == .forward, backward.kind == .backward
    else { return nil }
    return ScheduledInstruction(
      stage: forward.stage, microbatch: forward.microbatch,
      overlapping: .init(stage: backward.stage, microbatch: backward.microbatch))
  }

  /// Whether the cell moves data; `0UNSHARD` and its like name no microbatch.
  static func isCommunication(_ cell: ArraySlice<UInt8>) -> Bool {
    let (stage, op, _) = split(cell)
    // The names of computations are shorter.
    return op.count > 2 && !stage.isEmpty && communications.contains { op.equals($0.name) }
  }

  private static func single(_ text: ArraySlice<UInt8>) -> ScheduledInstruction? {
    let (stage, op, rest) = split(text)
    guard let stage = number(stage) else { return nil }
    if op.count > 2, let kind = communications.first(where: { op.equals($0.name) })?.kind {
      guard kind.hasMicrobatch else {
        return rest.isEmpty ? ScheduledInstruction(stage: stage, kind: kind, microbatch: 0) : nil
      }
      return number(rest).map { ScheduledInstruction(stage: stage, kind: kind, microbatch: $0) }
    }
    guard let microbatch = number(rest) else { return nil }
    let kind: InstructionKind
    switch (op.first, op.count) {
    case (UInt8(ascii: "F"), 1): kind = .forward
    case (UInt8(ascii: "B"), 1): kind = .backward
    case (UInt8(ascii: "I"), 1): kind = .inputGradient
    case (UInt8(ascii: "W"), 1): kind = .weightGradient
    case (UInt8(ascii: "R"), 1): kind = .recompute
    case (UInt8(ascii: "F"), 2) where op.last == UInt8(ascii: "B"): kind = .recomputeBackward
    default: return nil
    }
    return ScheduledInstruction(stage: stage, kind: kind, microbatch: microbatch)
  }

  /// Leading digits, what lies between, and the rest.
  private static func split(
    _ text: ArraySlice<UInt8>
  ) -> (stage: ArraySlice<UInt8>, op: ArraySlice<UInt8>, microbatch: ArraySlice<UInt8>) {
    let opStart = text.firstIndex { !isDigit($0) } ?? text.endIndex
    let opEnd = text[opStart...].firstIndex(where: isDigit) ?? text.endIndex
    return (text[..<opStart], text[opStart..<opEnd], text[opEnd...])
  }

  private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0") <= byte && byte <= UInt8(ascii: "9") }

  /// The value of some digits; nil for none, for anything else among them, or beyond the range of `Int`.
  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    if digits.isEmpty { return nil }
    var value = 0
    for digit in digits {
      guard isDigit(digit) else { return nil }
      let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, isLarger) = tens.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
      if isTooLarge || isLarger { return nil }
      value = sum
    }
    return value
  }
}

extension ArraySlice<UInt8> {
  fileprivate func equals(_ text: StaticString) -> Bool {
    elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
