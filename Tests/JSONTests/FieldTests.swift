import Basics
import JSON
import Testing

private enum Schedule: String, CaseIterable, Sendable {
  case oneForwardOneBackward = "1f1b"
  case gpipe
}

private enum Power: Hashable, Sendable {
  case same(Double)
  case each([Double])
}

private struct Row: ObjectReadable, Equatable {
  let stage: Int
  let timeSeconds: Double
  let knob: JSON

  init(from reader: inout ObjectReader) throws(InvalidField) {
    stage = try reader.required("stage", .integer(in: 0...4095), "Pipeline stage, from 0.")
    timeSeconds = try reader.required("timeSeconds", .positive, "Duration in seconds.")
    knob = try reader.optional("knob", .any, default: .string("none"), "Opaque; comes back as sent.")
  }
}

private struct Job: ObjectReadable {
  let name: String
  let schedule: Schedule
  let power: Power?
  let certify: Bool
  let rows: [Row]
  let edges: [(String, String, Double?)]

  init(from reader: inout ObjectReader) throws(InvalidField) {
    name = try reader.required("name", .text(1...4), "Name.")
    schedule = try reader.required("schedule", .choice(), "Order of work.")
    power = try reader.optional(
      "power", .either(Shape.nonNegative.map(Power.same), Shape.list(of: .nonNegative, count: 1...3).map(Power.each)),
      "Watts.")
    certify = try reader.optional("certify", .bool, default: true, "Whether to certify.")
    rows = try reader.optional("rows", .list(of: .object(Row.self), count: 1...), "Rows.") ?? []
    edges = try reader.optional("edges", .list(of: .pair(of: .string, perhaps: .nonNegative)), "Edges.") ?? []
    try reader.check(
      name != schedule.rawValue, "name", expected: "a name unlike the schedule's", fix: "choose another name")
  }
}

private func read<Value>(_ shape: Shape<Value>, _ text: String) throws -> Value {
  try shape.read(try JSON.parse(text))
}

private func job(_ extra: String) throws -> Job {
  try Job(reading: try JSON.parse(#"{"name":"a","schedule":"1f1b",\#(extra)"unknown":[]}"#))
}

@Suite struct FieldTests {
  /// An object whose members have any names.
  @Test func readsMembersOfAnyName() throws {
    let shape = Shape<[(name: ExactString, value: Double)]>.map(of: .nonNegative, count: 0...2)
    let values = try read(shape, #"{"b":1,"a":0.5}"#)
    #expect(values.map(\.name) == ["b", "a"] && values.map(\.value) == [1, 0.5])
    #expect(try read(shape, "{}").isEmpty && read(shape, "[]").isEmpty)
    #expect(throws: InvalidField.self) { try read(shape, #"{"a":1,"a":1}"#) }
    let inner = #expect(throws: InvalidField.self) { try read(shape, #"{"a":1,"b":-1}"#) }
    #expect(inner?.pathText == "b" && inner?.expected == "a number in 0...1e30")
    for text in [#"{"a":1,"b":1,"c":1}"#, #"{"":1}"#, "[1]", "7"] {
      let error = #expect(throws: InvalidField.self) { try read(shape, text) }
      #expect(error?.expected == "an object of 0...2 values, each a number in 0...1e30")
    }
    #expect(shape.type.violations(in: ["a": 1, "b": "x"]).count == 1)
    #expect(shape.type.violations(in: ["a": 1]).isEmpty && shape.type.name == "object of number")
  }

  @Test func readsEveryField() throws {
    let job = try job(
      #""power":[1,2.5],"certify":false,"rows":[{"stage":3.0,"timeSeconds":1,"knob":1410}],"edges":[["x","y"],["y","z",0.5]],"#
    )
    #expect(job.name == "a")
    #expect(job.schedule == .oneForwardOneBackward)
    #expect(job.power == .each([1, 2.5]))
    #expect(!job.certify)
    #expect(job.rows.map(\.stage) == [3] && job.rows[0].timeSeconds == 1 && job.rows[0].knob == .integer(1410))
    #expect(job.edges.map(\.0) == ["x", "y"] && job.edges.map(\.1) == ["y", "z"] && job.edges.map(\.2) == [nil, 0.5])
  }

  @Test func aMissingFieldWithASlipIsExplained() {
    let error = #expect(throws: InvalidField.self) { try Job(reading: ["Name": "a", "schedule": "1f1b"]) }
    #expect(
      error?.description == "name: expected a string of 1...4 characters, found nothing; write `name` instead of `Name`"
    )
  }

  @Test func nullMeansAbsent() throws {
    let job = try job(#""power":null,"certify":null,"rows":[{"stage":0,"timeSeconds":1,"knob":null}],"#)
    #expect(job.power == nil && job.certify && job.rows[0].knob == "none")
    #expect(throws: InvalidField(path: [.key("name")], expected: "a string of 1...4 characters", found: "null")) {
      try Job(reading: ["name": nil])
    }
    #expect(throws: InvalidField(path: [.key("name")], expected: "a string of 1...4 characters", found: "nothing")) {
      try Job(reading: nil)
    }
  }

  @Test(
    arguments: [
      (#""rows":[],"#, "rows", "a list of 1... objects", "[]"),
      (#""rows":[{"stage":0,"timeSeconds":1},{"stage":0.5}],"#, "rows[1].stage", "an integer in 0...4095", "0.5"),
      (#""rows":[{"stage":0,"timeSeconds":0}],"#, "rows[0].timeSeconds", "a number > 0, at most 1e30", "0"),
      (#""rows":[{"stage":0}],"#, "rows[0].timeSeconds", "a number > 0, at most 1e30", "nothing"),
      (#""rows":[7],"#, "rows[0]", "an object", "7"),
      (#""power":-1,"#, "power", "a number in 0...1e30 or a list of 1...3 values, each a number in 0...1e30", "-1"),
      (#""power":[1,"x"],"#, "power[1]", "a number in 0...1e30", "\"x\""),
      (#""certify":0,"#, "certify", "true or false", "0"),
      (#""edges":[["a","b"],["c"]],"#, "edges[1]", "a list of 2 strings, and perhaps a number in 0...1e30", "[\"c\"]"),
      (#""edges":[["a","b",-1]],"#, "edges[0][2]", "a number in 0...1e30", "-1"),
    ] as [(String, String, String, String)])
  func namesThePlace(extra: String, path: String, expected: String, found: String) {
    let error = #expect(throws: InvalidField.self) { try job(extra) }
    #expect(error?.pathText == path)
    #expect(error?.expected == expected)
    #expect(error?.found == found)
  }

  @Test func choicesAreListed() {
    let error = #expect(throws: InvalidField.self) { try Job(reading: ["name": "a", "schedule": "GPipe"]) }
    #expect(error?.description == #"schedule: expected one of "1f1b", "gpipe", found "GPipe""#)
  }

  @Test func rulesAcrossFieldsNameTheirField() {
    let error = #expect(throws: InvalidField.self) { try Job(reading: ["name": "1f1b", "schedule": "1f1b"]) }
    #expect(
      error?.description == #"name: expected a name unlike the schedule's, found "1f1b"; choose another name"#)
  }

  @Test func scalarsKeepTheirRanges() throws {
    #expect(try read(.integer(in: -1...5), "-1.0") == -1)
    #expect(throws: InvalidField.self) { try read(.integer(in: -1...5), "6") }
    #expect(throws: InvalidField.self) { try read(.integer(in: Int.min...Int.max), "1e19") }
    #expect(throws: InvalidField.self) { try read(.integer(in: -1...5), "\"3\"") }
    #expect(try read(.number(in: 0...1), "1") == 1)
    let error = #expect(throws: InvalidField.self) { try read(.number(in: 0...0.5), "0.6") }
    #expect(error?.expected == "a number in 0...0.5")
    #expect(try read(.text(2...3), "\"é😀\"") == "é😀")
    #expect(throws: InvalidField.self) { try read(.text(2...3), "\"😀\"") }
    #expect(throws: InvalidField.self) { try read(.text(1...3), "\"\"") }
    #expect(throws: InvalidField.self) { try read(.text(1...3), "\"éééé\"") }
    #expect(try read(.string, "\"\"") == "")
    #expect(try read(Shape.string.narrowed(to: "no x") { $0 != "x" }, "\"y\"") == "y")
    #expect(throws: InvalidField.self) { try read(Shape.string.narrowed(to: "no x") { $0 != "x" }, "\"x\"") }
  }

  @Test func emptyListIsAnEmptyObject() throws {
    #expect(throws: InvalidField(path: [.key("stage")], expected: "an integer in 0...4095", found: "nothing")) {
      try read(.object(Row.self), "[]")
    }
    #expect(throws: InvalidField(expected: "an object", found: "[1]")) { try read(.object(Row.self), "[1]") }
  }

  @Test func longValuesAreShortened() {
    let error = #expect(throws: InvalidField.self) {
      try Shape.bool.read(.array(Array(repeating: 1, count: 1_000_000)))
    }
    #expect(error?.found.count == 80)
  }

  @Test func schemaIsWhatIsRead() {
    let fields = Schema.of(Job.self)
    #expect(fields.map(\.name) == ["name", "schedule", "power", "certify", "rows", "edges"])
    #expect(fields.map(\.isRequired) == [true, true, false, false, false, false])
    #expect(fields[1].expectation == #"one of "1f1b", "gpipe""#)
    #expect(fields[4].expectation == "a list of 1... objects")
    #expect(fields[4].children == Schema.of(Row.self))
    #expect(
      fields[4].children.first
        == FieldSchema(
          name: "stage", type: .integer(in: 0...4095), expectation: "an integer in 0...4095", isRequired: true,
          doc: "Pipeline stage, from 0."))
  }
}
