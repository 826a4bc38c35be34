import JSON
import Testing

@Suite struct UnderstoodParamsTests {
  private struct Item: ObjectReadable {
    init(from reader: inout ObjectReader) throws(InvalidField) {
      _ = try reader.required("id", .text(), "A name.")
      _ = try reader.optional("weight", .number, default: 1.5, "A weight.")
    }
  }

  private enum Mode: String, CaseIterable, Sendable {
    case quick, slow
  }

  private struct Params: ObjectReadable {
    init(from reader: inout ObjectReader) throws(InvalidField) {
      let mode: Mode = try reader.optional("mode", .choice(), default: .quick, "How.")
      _ = try reader.optional("rounds", .integer(in: 0...99), default: mode == .quick ? 1 : 9, "Depends on the mode.")
      _ = try reader.optional("items", .list(of: Shape<Item>.object(), count: 0...9), default: [], "Items.")
      _ = try reader.optional("inner", Shape<Item>.object(), "One more.")
      let names = Shape<[String]>.either(.list(of: .text(), count: 1...9), Shape<String>.text().map { [$0] })
      _ = try reader.optional("either", names, "Names.")
      _ = try reader.optional("workDoneToken", .any, "Where to report progress.")
    }
  }

  @Test(arguments: [
    (#"{}"#, #"{"mode":"quick","rounds":1,"items":[]}"#),
    (#"{"mode":"slow","unknown":1}"#, #"{"mode":"slow","rounds":9,"items":[]}"#),
    (#"{"rounds":null,"workDoneToken":"t"}"#, #"{"mode":"quick","rounds":1,"items":[]}"#),
    (
      #"{"items":[{"id":"a","x":1},{"weight":2,"id":"b"}],"inner":{"id":"c","y":[]},"either":["d"]}"#,
      #"{"mode":"quick","rounds":1,"items":[{"id":"a","weight":1.5},{"id":"b","weight":2}],"#
        + #""inner":{"id":"c","weight":1.5},"either":["d"]}"#
    ),
  ])
  func onlyWhatIsUnderstoodIsKept(_ sent: String, _ understood: String) throws {
    let params = try Params.understood(try JSON.parse(sent))
    #expect(JSON.object(params).text == understood)
    #expect(JSON.object(try Params.understood(.object(params))).text == understood)
  }
}
