import JSON
import Testing

private enum Mood: String, CaseIterable, FieldValue {
  case calm, cross
}

private struct Corner: AnswerObject {
  let timeSeconds: Double
  let mood: Mood?

  static let fields = Fields<Corner> {
    Field("timeSeconds", "Time.") { $0.timeSeconds }
    Field("mood", "Mood.") { $0.mood }
  }
}

private struct Head: AnswerObject {
  let name: String

  static let fields = Fields<Head> {
    Field("name", "Name.") { $0.name }
  }
}

private struct Curve: AnswerObject {
  let head: Written<Head>
  let best: Corner?
  let corners: [Corner]
  let tail: Head?
  var grid: [[Int]] = [[1], []]

  static let fields = Fields<Curve> {
    Field.inline { $0.head }
    Field("cost", unit: "EUR", "Cost.") { _ in 1.5 }
    Field("best", "The best.") { $0.best }
    Field("corners", "All.") { $0.corners }
    Field("tail", "The end.") { $0.tail }
    Field("grid", "Rows.") { $0.grid }
  }
}

private func text(_ value: some ObjectWritable) -> String {
  var writer = ObjectWriter()
  value.writeValue(to: &writer)
  return String(decoding: writer.json.bytes, as: UTF8.self)
}

@Suite struct AnswerObjectTests {
  @Test func declaredFieldsAreWritten() {
    let curve = Curve(
      head: Written(Head(name: "a")), best: nil,
      corners: [Corner(timeSeconds: 1, mood: .calm), Corner(timeSeconds: 2, mood: nil)], tail: nil)
    #expect(
      text(curve)
        == #"{"name":"a","cost":1.5,"corners":[{"timeSeconds":1.0,"mood":"calm"},{"timeSeconds":2.0}],"grid":[[1],[]]}"#
    )
    #expect(text(EmptyObject()) == "{}" && text(NullAnswer()) == "null")
  }

  @Test func aZeroHasNoSign() {
    #expect(text(Corner(timeSeconds: -0.0, mood: nil)) == #"{"timeSeconds":0.0}"#)
    #expect(text(Corner(timeSeconds: -1e-300, mood: nil)) == #"{"timeSeconds":-1e-300}"#)
  }

  @Test func theTypeOfTheValueIsTheDeclaration() {
    let fields = Curve.fields.schema
    #expect(fields.map(\.name) == ["name", "cost", "best", "corners", "tail", "grid"])
    #expect(fields.map(\.isRequired) == [true, true, false, true, false, true])
    #expect(fields[5].type.name == "list of list of integer")
    #expect(fields[3].type.name == "list of object" && fields[2].children == fields[3].children)
    #expect(fields[3].children.map(\.unit) == ["s", nil])
    #expect(fields[3].children[1].type.choices == ["calm", "cross"])
    #expect(fields[1].unit == "EUR")
  }

  @Test(
    arguments: [
      (#"{"name":"a","cost":1,"corners":[],"grid":[]}"#, nil),
      (
        #"{"name":"a","cost":1,"corners":[{"timeSeconds":1,"mood":"calm"}],"best":{"timeSeconds":0.5},"grid":[[2]]}"#,
        nil
      ),
      (#"{"cost":1,"corners":[],"grid":[]}"#, "name: declared as always present, and absent"),
      (#"{"name":"a","cost":1,"corners":[],"grid":[],"more":1}"#, "more: a field that is not declared"),
      (#"{"name":"a","cost":"1","corners":[],"grid":[]}"#, "cost: expected number, found \"1\""),
      (#"{"name":"a","cost":null,"corners":[],"grid":[]}"#, "cost: expected number, found null"),
      (
        #"{"name":"a","cost":1,"corners":[{"timeSeconds":1,"mood":"sad"}],"grid":[]}"#,
        "corners[0].mood: expected one of calm, cross, found \"sad\""
      ),
      (#"[]"#, "the value: expected object, found []"),
    ] as [(String, String?)])
  func examplesAreHeldAgainstTheDeclaration(text: String, violation: String?) throws {
    let found = Curve.fieldType.violations(in: try JSON.parse(text))
    #expect(found == (violation.map { [$0] } ?? []))
  }
}
