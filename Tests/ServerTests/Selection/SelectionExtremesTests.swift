import Basics
import JSON
import Testing
import Transcripts

/// No figure that the protocol admits leads to an internal error, in the request itself or in any that follows.
@Suite struct SelectionExtremesTests {
  private static let fractions: [Double] = [0, 1e-300, .leastNonzeroMagnitude, 1e-12, 1e-9, 1e-6, 0.5, 1]
  private static let amounts: [Double] = [0, .leastNonzeroMagnitude, 1e-30, 1, 1e30]

  @Test(arguments: 0..<12 as Range<UInt64>) func reportsOfAnySize(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let client = LocalClient()
    _ = client.send(#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#)
    var sent: [String] = []
    func call(_ method: String, _ params: String) throws -> JSON {
      let text = #"{"jsonrpc":"2.0","id":"r","method":"\#(method)","params":{"session":"s"\#(params)}}"#
      sent.append(text)
      let answers = try client.send(text).map { try JSON.parse($0) }
      let answer = try #require(answers.first { $0["id"] == "r" }, "no answer to \(text)")
      #expect(answer["error"]?["code"] != -32603, "seed \(seed): \(sent)")
      return answer
    }
    func amount() -> Double { Self.amounts.randomElement(using: &generator)! }
    _ = try call("session/open", "")
    let range = ["[0]", "[0,1]", "[-1e308,1e308]", "[0,5e-324]"].randomElement(using: &generator)!
    // A weight that is not positive is refused, and with it all that follows.
    let (weight, other) = (max(1e-30, amount()), amount())
    let transform = range == "[0]" ? "distance" : ["distance", "odds"].randomElement(using: &generator)!
    _ = try call(
      "pool/submit",
      #"""
      ,"encoders":[{"id":"a","costWeight":\#(weight)},{"id":"b","costWeight":\#(other)}],\#
      "languageModels":[{"id":"l","costWeight":\#(amount())}],\#
      "task":{"name":"t","metric":{"name":"m","direction":"minimize","range":\#(range),\#
      "errorTransform":"\#(transform)"},"alignmentSampleCount":1000},"search":{"strategy":"race"}
      """#)
    for step in 0..<40 {
      let offer = try call("trial/next", #","worker":"w","elapsedSeconds":\#(amount())"#)
      guard let trial = offer["result"]?["trial"]?.integerValue else { break }
      let score = [0, .leastNonzeroMagnitude, 1e-300, 0.5, 1, 1e300, 1.7e308, -1e308].randomElement(using: &generator)!
      let fraction = Self.fractions.randomElement(using: &generator)!
      _ = try call(
        "trial/update",
        #","trial":\#(trial),"step":\#(step),"dataFraction":\#(fraction),"score":\#(score),"gpuSeconds":\#(amount()),"#
          + #""energyJoules":\#(amount())"#)
      for method in ["suggestion/get", "suggestion/ranking", "session/export", "trial/list"] {
        _ = try call(method, "")
      }
    }
  }
}
