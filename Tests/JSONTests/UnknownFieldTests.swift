import JSON
import Testing

private struct Inner: ObjectReadable {
  init(from reader: inout ObjectReader) throws(InvalidField) {
    _ = try reader.optional("allowedLicences", .list(of: .string), "Licences.")
    _ = try reader.optional("free", .any, "Anything.")
  }
}

private struct Outer: ObjectReadable {
  init(from reader: inout ObjectReader) throws(InvalidField) {
    _ = try reader.optional("strategy", .string, "How.")
    _ = try reader.optional("rows", .list(of: .object(Inner.self)), "Rows.")
    _ = try reader.optional(
      "inner", .either(.object(Inner.self), Shape.bool.map { _ in try! Inner(reading: nil) }), "One.")
    reader.accept("locale")
  }
}

private func unknown(_ text: String) throws -> [UnknownField] {
  var unknown = UnknownFields()
  _ = try Outer(reading: try JSON.parse(text), unknown: &unknown)
  return unknown.list
}

@Suite struct UnknownFieldTests {
  @Test(
    arguments: [
      (#"{"stratagy":"race"}"#, "stratagy", "strategy"),
      (#"{"Strategy":"race"}"#, "Strategy", "strategy"),
      (#"{"rows":[{},{"allowedLicenses":[]}]}"#, "rows[1].allowedLicenses", "allowedLicences"),
      (#"{"inner":{"alowedLicences":[]}}"#, "inner.alowedLicences", "allowedLicences"),
      (#"{"colour":"red"}"#, "colour", nil),
      (#"{"stratagy":null}"#, "stratagy", "strategy"),
      // As unlike as a name may be before none is offered.
      (#"{"strtegi":"race"}"#, "strtegi", "strategy"),
      (#"{"sratgi":"race"}"#, "sratgi", nil),
    ] as [(String, String, String?)])
  func isNamedWithTheNearest(text: String, path: String, nearest: String?) throws {
    let found = try unknown(text)
    #expect(found.map(\.pathText) == [path])
    #expect(found.map(\.nearest) == [nearest])
  }

  @Test func knownFieldsAreNotNamed() throws {
    #expect(try unknown(#"{"strategy":"race","rows":[{"free":{"anything":1}}],"inner":true}"#).isEmpty)
    // Fields of the Language Server Protocol, wherever a request may have them.
    #expect(try unknown(#"{"locale":"en","workDoneToken":1,"partialResultToken":2,"_meta":{}}"#).isEmpty)
    // A repeated field is no unknown one.
    #expect(try unknown(#"{"strategy":"a","strategy":"b"}"#).isEmpty)
  }

  @Test func onlyTheFirstAreKeptAndTheyAreShort() throws {
    let name = String(repeating: "é\u{1}\\\"", count: 1000)
    let members = (0..<100).map { JSONObject.Member(key: "\($0)\(name)", value: 1) }
    let found = try unknown(JSON.object(JSONObject(members: members)).text)
    #expect(found.count == 16)
    for field in found {
      var writer = ObjectWriter()
      field.writeValue(to: &writer)
      #expect(writer.json.bytes.count <= 200)
    }
  }

  @Test func isAnErrorWhereFilesAreRead() throws {
    let error = #expect(throws: InvalidField.self) {
      try Outer(readingKnownFieldsOf: try JSON.parse(#"{"rows":[{"allowedLicenses":[]}]}"#))
    }
    #expect(error?.pathText == "rows[0].allowedLicenses")
    #expect(error?.fix == "write `allowedLicences`, or leave the field out")
  }
}
