import JSON
import Testing

private struct Plan: AnswerObject {
  let plan: Int
  let gapFraction: Double?

  static let fields = Fields<Plan> {
    Field("plan", "Index, from 0.") { $0.plan }
    Field("gapFraction", "Distance to the bound.") { $0.gapFraction }
  }
}

private struct Answer: ObjectWritable {
  func write(to object: inout ObjectWriter) {
    object.field("name", "a\"b")
    object.field("done", true)
    object.field("knob", JSON.integer(1410))
    object.field("absent", String?.none)
    object.field("best", Plan(plan: 0, gapFraction: 0.5))
    object.field("plans", [Plan(plan: 1, gapFraction: nil), Plan(plan: 2, gapFraction: 1)])
    object.field("times", [1.5, 2])
    object.field("matrix", [[1], [], [2, 3]])
    object.object("inner") { $0.field("x", 1) }
    object.list("rows", 1...2) { (index, row) in row.field("index", index) }
    object.field("empty", EmptyObject())
    object.field("last", 1e300)
  }
}

@Suite struct ObjectWriterTests {
  @Test func writesCommasWhereTheyBelong() {
    var writer = ObjectWriter()
    Answer().writeValue(to: &writer)
    #expect(
      String(decoding: writer.json.bytes, as: UTF8.self)
        == #"{"name":"a\"b","done":true,"knob":1410,"best":{"plan":0,"gapFraction":0.5},"#
        + #""plans":[{"plan":1},{"plan":2,"gapFraction":1.0}],"times":[1.5,2.0],"matrix":[[1],[],[2,3]],"#
        + #""inner":{"x":1},"rows":[{"index":1},{"index":2}],"empty":{},"last":1e+300}"#)
  }
}
