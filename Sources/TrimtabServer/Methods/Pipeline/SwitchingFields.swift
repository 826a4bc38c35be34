internal import Basics
internal import JSON
internal import Sessions

extension SettingLatencies {
  /// The fields of pipeline/define about changes of setting whose time depends on the two settings.
  init(from reader: inout ObjectReader) throws(InvalidField) {
    self.init()
    let knobs = try reader.optional(
      "knobSwitchLatencies", .map(of: .number(in: 0...1e30), count: 0...256),
      """
      Seconds that setting each knob takes, by the knob's name. A knob is a member of a `frequency` that is an object; \
      a `frequency` that is a number is the knob `frequency`. A change takes the sum over the knobs named here that \
      differ, since a driver sets them one after another, and `switchLatencySeconds` once if anything else differs.
      """
    )
    let pairs = try reader.optional(
      "pairSwitchLatencies", .list(of: Shape<SettingPair>.object().map(\.pair), count: 0...65_536),
      """
      Changes that take a time of their own, instead of what knobs and `switchLatencySeconds` say: each pair at most \
      once, in its direction alone. A change is always direct, even where a detour would take less time.
      """
    )
    knobSeconds = Dictionary(uniqueKeysWithValues: (knobs ?? []).map { ($0.name, $0.value) })
    self.pairs = pairs ?? []
  }

  /// As params of pipeline/define; nothing where there is nothing.
  func write(to params: inout ObjectWriter) {
    if !knobSeconds.isEmpty {
      let members = knobSeconds.sorted { $0.key < $1.key }.map {
        JSONObject.Member(key: $0.key, value: .number($0.value))
      }
      params.field("knobSwitchLatencies", JSON.object(JSONObject(members: members)))
    }
    if !pairs.isEmpty {
      params.list("pairSwitchLatencies", pairs) { pair, entry in
        entry.field("fromFrequency", pair.from)
        entry.field("toFrequency", pair.to)
        entry.field("seconds", pair.seconds)
      }
    }
  }
}

/// Two settings and what a change from one to the other takes.
struct SettingPair: ObjectReadable {
  let pair: SettingLatencies.Pair

  init(from reader: inout ObjectReader) throws(InvalidField) {
    pair = SettingLatencies.Pair(
      from: try reader.required("fromFrequency", .any, "The setting before, a `frequency` as it is measured."),
      to: try reader.required("toFrequency", .any, "The setting after."),
      seconds: try reader.required(
        "seconds", .number(in: 0...1e30),
        "Time from the end of one instruction until the next may begin. A setting that is not measured counts nowhere.")
    )
  }
}
