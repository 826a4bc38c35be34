import Testing
import Transcripts

/// Figures that are accepted one by one, and together span as much as the protocol allows.
@Suite struct EnergyExtremesTests {
  /// Waiting costs so little beside the energies that the bound says nothing of how long a plan may last.
  @Test func aFrontierOfFiguresFarApartIsComputed() {
    let client = LocalClient()
    func send(_ method: String, _ params: String) -> [String] {
      client.send(#"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":{\#(params)}}"#)
    }
    func row(_ stage: Int, _ instruction: String, _ setting: Int, _ seconds: Double, _ joules: Double) -> String {
      #"{"stage":\#(stage),"instruction":"\#(instruction)","frequency":\#(setting),"timeSeconds":\#(seconds),"#
        + #""energyJoules":\#(joules)}"#
    }
    _ = send("initialize", "")
    _ = send("session/open", #""session":"s""#)
    _ = send(
      "pipeline/define",
      #""session":"s","pipeline":"p","schedule":"1f1b","stages":2,"microbatches":2,"blockingPowerWatts":1e-15"#)
    let rows = [
      row(0, "forward", 0, 6e-10, 1e8), row(0, "backward", 0, 2e-9, 74_207_240_594_515.73),
      row(0, "backward", 1, 1e-15, 1e14),
      row(1, "forward", 0, 2e-3, 54_880_856.45090652), row(1, "backward", 1, 8e-4, 2e8),
    ]
    _ = send("profile/submit", #""session":"s","pipeline":"p","rows":[\#(rows.joined(separator: ","))]"#)
    let answers = send("frontier/characterize", #""session":"s","pipeline":"p","effort":"quick","planCount":2"#)
    #expect(answers.contains { $0.contains(#""generation":1"#) }, "\(answers)")
  }
}
