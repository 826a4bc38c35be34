import Basics
import JSON
import Sessions
import Testing
import Transcripts

/// Random requests about one session, with the answers of a server that is never disturbed: a function of a seed.
struct Conversation {
  struct Step {
    let sent: String
    let answer: String
    /// The session's revision afterwards.
    let revision: Int
  }

  private struct Trial {
    var step = 0
    var fraction: Double
    let end: Double
  }

  let session: String
  private(set) var steps: [Step] = []
  /// What the session looks like at the end, as answers to ``ending``.
  private(set) var end: [String] = []
  private let client = LocalClient()
  private var random: SplitMix64
  private var trials: [Int: Trial] = [:]
  private var seconds = 0.0
  private var lastReport: String?

  init(session: String, seed: UInt64, count: Int) throws {
    self.session = session
    random = SplitMix64(seed: seed, index: Int(session.utf8.first!))
    _ = client.send(Self.request("initialize", "{}", id: 0))
    try begin()
    while steps.count < count { try takeStep() }
    end = try Self.ending(of: session).map { try #require(Self.answer(in: client.send($0))) }
  }

  static func request(_ method: String, _ params: String, id: Int) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#
  }

  /// The answer among the lines that a server sent, as it would be without a state directory.
  static func answer(in lines: [String]) -> String? {
    lines.first { $0.hasPrefix(#"{"jsonrpc":"2.0","id":"#) }?
      .replacing(#""durability":"journal""#, with: #""durability":"memory""#)
  }

  /// Requests whose answers show what a session holds.
  static func ending(of session: String) -> [String] {
    let methods = ["session/export", "suggestion/ranking", "trial/list", "gpu/list"]
    let requests = methods.map { ($0, "") } + [("job/get", #","job":"p""#), ("frontier/curve", #","pipeline":"p""#)]
    return requests.enumerated().map { request("\($1.0)", #"{"session":"\#(session)"\#($1.1)}"#, id: $0) }
  }

  @discardableResult private mutating func ask(_ method: String, _ params: String = "") throws -> JSON {
    let sent = Self.request(method, #"{"session":"\#(session)"\#(params)}"#, id: steps.count)
    let answer = try #require(Self.answer(in: client.send(sent)), "\(sent)")
    steps.append(Step(sent: sent, answer: answer, revision: client.sessions.revision(of: session) ?? 0))
    return try JSON.parse(answer)
  }

  private mutating func begin() throws {
    try ask("session/open", #","seed":\#(random.index(below: 1000))"#)
    let gpus = (0..<4).map { #"{"id":"g\#($0)","memoryBytes":80000000000,"node":"n\#($0 / 2)"}"# }
    try ask("gpu/register", #","gpus":[\#(gpus.joined(separator: ","))]"#)
    let encoders = (0..<4).map { #"{"id":"e\#($0)","family":"f\#($0 / 2)"}"# }.joined(separator: ",")
    let models = (0..<3).map { #"{"id":"l\#($0)"}"# }.joined(separator: ",")
    let metric = #"{"name":"accuracy","direction":"maximize"}"#
    try ask(
      "pool/submit",
      #","encoders":[\#(encoders)],"languageModels":[\#(models)],"#
        + #""task":{"name":"t","metric":\#(metric),"alignmentSampleCount":1000}"#)
    try ask(
      "pipeline/define",
      #","pipeline":"p","schedule":"1f1b","stages":2,"microbatches":4,"blockingPowerWatts":50"#)
    for step in steps { try #require(step.answer.contains(#""result""#), "\(step.answer)") }
  }

  private mutating func takeStep() throws {
    switch random.index(below: 26) {
    case 0...3: try nextTrial()
    case 4...11: try report()
    case 12, 13: if let lastReport { try ask("trial/update", lastReport) }
    case 14: try fail()
    case 15, 16: try submitProfile()
    case 17, 18: try ask("straggler/report", #","pipeline":"p","slowdownFraction":\#(hundredths(100))"#)
    case 19, 20: try ask("suggestion/get")
    case 21: try ask("trial/list")
    case 22: try ask("suggestion/ranking")
    case 23: try ask("trial/update", #","trial":999,"step":1,"dataFraction":0.1,"score":0.5"#)
    case 24: try ask("gpu/register", #","gpus":[{"id":"more\#(steps.count)"}]"#)
    default:
      if random.index(below: 3) == 0 {
        try ask("frontier/characterize", #","pipeline":"p","effort":"quick","planCount":6"#)
      }
    }
  }

  private mutating func hundredths(_ count: Int) -> Double { Double(random.index(below: count)) / 100 }

  private mutating func nextTrial() throws {
    seconds += hundredths(100)
    let worker = random.index(below: 5)
    let answer = try ask("trial/next", #","worker":"w\#(worker)","elapsedSeconds":\#(seconds)"#)
    if let result = answer["result"], let trial = result["trial"]?.integerValue, trials[trial] == nil,
      let from = result["fromFraction"]?.doubleValue, let to = result["toFraction"]?.doubleValue
    {
      trials[trial] = Trial(fraction: from, end: to)
    }
  }

  private mutating func report() throws {
    if trials.isEmpty { try nextTrial() }
    let numbers = trials.keys.sorted()
    guard !numbers.isEmpty else { return }
    let number = numbers[random.index(below: numbers.count)]
    var trial = trials[number]!
    trial.step += 1
    let share = [0.3, 0.5, 1][random.index(below: 3)]
    trial.fraction = min(trial.end, trial.fraction + (trial.end - trial.fraction) * share)
    trials[number] = trial
    let score = 0.5 + 0.3 * trial.fraction + hundredths(10) / 2
    var report =
      #","trial":\#(number),"step":\#(trial.step),"dataFraction":\#(trial.fraction),"score":\#(score)"#
    if random.index(below: 3) == 0 { report += #","checkpoint":"weights-\#(number)-\#(trial.step)""# }
    lastReport = report
    if try ask("trial/update", report)["result"]?["decision"] != "continue" { trials[number] = nil }
  }

  private mutating func fail() throws {
    let numbers = trials.keys.sorted()
    guard !numbers.isEmpty else { return }
    let number = numbers[random.index(below: numbers.count)]
    trials[number] = nil
    let kind = ["failed", "lost", "paused"][random.index(below: 3)]
    try ask("trial/fail", #","trial":\#(number),"kind":"\#(kind)""#)
  }

  private mutating func submitProfile() throws {
    var rows: [String] = []
    for stage in 0..<2 {
      for kind in ["forward", "backward"] {
        for clock in [900, 1200, 1500] {
          let seconds = (90 / Double(clock) + 0.01 * Double(stage)) * (0.99 + hundredths(2))
          let joules = 20 + Double(clock) / 100 * (1 + Double(stage) / 7)
          rows.append(
            #"{"stage":\#(stage),"instruction":"\#(kind)","frequency":\#(clock),"#
              + #""timeSeconds":\#(seconds),"energyJoules":\#(joules)}"#)
        }
      }
    }
    try ask("profile/submit", #","pipeline":"p","keepSamples":true,"rows":[\#(rows.joined(separator: ","))]"#)
  }
}
