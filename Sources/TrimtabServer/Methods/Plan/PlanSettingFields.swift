internal import JSON
internal import Sessions

/// An entry of a plan that a client wrote.
struct PlanSettingEntry: ObjectReadable {
  let setting: PlanSetting

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let id = try reader.optional(
      "id", .text(), "The instruction's id, in an explicit graph; instead of stage, instruction and microbatch.")
    let stage = try reader.optional("stage", .integer(in: 0...4095), "The stage, from 0.")
    let kind = try reader.optional("instruction", .text(), "The kind of instruction.")
    let microbatch = try reader.optional(
      "microbatch", .integer(in: 0...65_535),
      "The microbatch; without it the frequency holds for all that no other entry names.")
    let frequency = try reader.required("frequency", .any, "The setting to run at, one that was measured.")
    try reader.check(
      id == nil || (stage == nil && kind == nil && microbatch == nil), "id",
      expected: "no stage, instruction or microbatch beside it")
    if let id {
      setting = PlanSetting(.id(id), setting: frequency)
    } else {
      guard let stage else { throw reader.fail("stage", expected: "a stage, or an id") }
      guard let kind else { throw reader.fail("instruction", expected: "an instruction, or an id") }
      setting = PlanSetting(
        .table(TableKey(stage: stage, instruction: kind), microbatch: microbatch), setting: frequency)
    }
  }
}

extension ObjectReader {
  static let settingsDoc: StaticString =
    """
    The plan: a frequency for every instruction. Instructions that were measured at one frequency need none; an \
    overlapped pair may be named by either half.
    """

  /// A plan that a client wrote.
  mutating func planSettings(_ doc: StaticString = Self.settingsDoc) throws(InvalidField) -> [PlanSetting]? {
    try optional(
      "settings",
      .list(of: Shape<PlanSettingEntry>.object().map(\.setting), count: 0...Limits.instructionCount), doc)
  }
}
