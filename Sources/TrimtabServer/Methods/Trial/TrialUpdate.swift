internal import Basics
package import JSON
package import JSONRPC
internal import ModelSelection
package import Sessions

/// `trial/update`: how a trial is doing, and what it shall do next.
package enum TrialUpdate: NotifiableStep {
  package static let name = "trial/update"
  package static let purpose =
    "Reports a trial's score at one step and tells it to continue, pause or stop. Every score is an observation of the candidate's learning curve, also before the assigned fraction: the leader may change with it, and a hopeless trial is stopped. The same step sent again changes nothing, and steps may come in any order. As a notification its decision is pushed as trial/decided."
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .noPool, .unknownTrial, .trialClosed, .invalidReport,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let trial: Int
    let step: Int
    let dataFraction: Double?
    let sampleCount: Int?
    let score: Double?
    let scores: NamedNumbers?
    let standardErrors: NamedNumbers?
    let noise: TrialReport.Noise?
    let gpuSeconds: Double?
    let startSeconds: Double?
    let energyJoules: Double?
    let elapsedSeconds: Double?
    let checkpoint: JSON?
    let isLast: Bool

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      trial = try reader.trial()
      step = try reader.required(
        "step", .integer(in: 0...(1 << 53)), "Grows with the training; the same step again is the same report.")
      dataFraction = try reader.optional(
        "dataFraction", .number(in: 0...1),
        "Part of the alignment data that the model has been trained on, the trials before this one included. Or:")
      sampleCount = try reader.optional(
        "sampleCount", .integer(in: 0...(1 << 53)), "The same in samples.")
      score = try reader.optional(
        "score", MetricFields.score,
        "The metric's value. Training that has diverged says \"NaN\", \"Infinity\" or \"-Infinity\", which JSON has no numbers for, and is stopped. Or, where the task has several metrics:"
      )
      scores = try reader.optional(
        "scores", .map(of: MetricFields.score, count: 1...MetricFields.largestCount),
        "Each metric's value by its name; those with a weight or a floor must be there.")
      let standardError = try reader.optional(
        "standardError", .number(in: 0...1e30),
        "Standard error of the score, in its unit. Certainty allows for it: the best of several scores is in part the luckiest. Or:"
      )
      standardErrors = try reader.optional(
        "standardErrors", .map(of: .number(in: 0...1e30), count: 1...MetricFields.largestCount),
        "Standard errors of scores by the names of their metrics. The combined score's is taken to be as large as theirs can make it. Or:"
      )
      let exampleCount = try reader.optional(
        "exampleCount", .integer(in: 1...(1 << 53)),
        "Examples whose mean the score is, each within the metric's range; the largest standard error that such a mean can have is then assumed, which is that of a share of right answers."
      )
      noise = standardError.map { .standardError($0) } ?? exampleCount.map { .exampleCount($0) }
      gpuSeconds = try reader.optional(
        "gpuSeconds", .number(in: 0...1e30), "GPU-seconds that this trial has taken so far, all its GPUs together.")
      startSeconds = try reader.optional(
        "startSeconds", .number(in: 0...1e30),
        "Seconds from the trial's start until it trained, mostly to load the model, which are a part of gpuSeconds on each of its GPUs. One report of a trial is enough to learn from; see pool/submit."
      )
      energyJoules = try reader.optional(
        "energyJoules", .number(in: 0...1e30), "Joules that this trial has taken so far, all its GPUs together.")
      elapsedSeconds = try reader.elapsedSeconds()
      checkpoint = try reader.optional(
        "checkpoint", .any,
        "Where the weights of this step are kept, if they are; comes back with the trial that goes on from here.")
      isLast = try reader.optional(
        "last", .bool, default: false,
        "True when the trial has done what it was given out for, be its data a little short of it; the trial then ends."
      )
      // Reports come by the million: the names are looked up only where they are at fault.
      if (dataFraction == nil) == (sampleCount == nil) {
        try reader.checkOne(of: ["dataFraction", "sampleCount"])
      }
      if (score == nil) == (scores == nil) { try reader.checkOne(of: ["score", "scores"]) }
      if standardError != nil, exampleCount != nil {
        try reader.checkOne(of: ["standardError", "exampleCount"], orNone: true)
      }
      if standardErrors != nil, exampleCount != nil {
        try reader.checkOne(of: ["standardErrors", "exampleCount"], orNone: true)
      }
      try reader.check(
        standardError == nil || scores == nil, "standardError", expected: "standardErrors, by metric, beside scores")
      try reader.check(
        standardErrors == nil || scores != nil, "standardErrors", expected: "standardError beside score")
    }
  }

  package static func apply(_ params: Params, to session: inout SessionState) throws(RequestError) -> StepResult<Answer>
  {
    let decision = try session.editSearch { (search) throws(RequestError) in
      let samples = Double(search.pool.task.alignmentSampleCount)
      let scores = try params.scores.map { (scores) throws(RequestError) in
        try search.metricScores(scores, standardErrors: params.standardErrors, of: TrialID(params.trial))
      }
      return try search.report(
        TrialReport(
          trial: TrialID(params.trial), step: params.step,
          dataFraction: params.dataFraction ?? Double(params.sampleCount ?? 0) / samples,
          score: params.score ?? scores.map { search.combinedScore($0) } ?? .nan,
          noise: params.noise, gpuSeconds: params.gpuSeconds, startSeconds: params.startSeconds,
          energyJoules: params.energyJoules, elapsedSeconds: params.elapsedSeconds, checkpoint: params.checkpoint,
          isLast: params.isLast, scores: scores))
    }
    return StepResult(
      Answer(decision: decision), events: session.searchEvents(), isChange: !decision.isDuplicate)
  }

  package static func event(
    for outcome: Result<Answer, RPCError>, _ params: JSON?, _ unknown: UnknownFields
  ) -> TrialDecided {
    TrialDecided(
      session: params?["session"]?.stringValue?.text, trial: params?["trial"]?.integerValue,
      step: params?["step"]?.integerValue, outcome: outcome.map(\.decision), unknown: unknown)
  }

  package struct Answer: AnswerObject {
    let decision: TrialDecision

    package static let fields = Fields<Answer> {
      Field("trial", "The trial.") { $0.decision.trial.number }
      Field("step", "The step that was reported.") { $0.decision.step }
      Field.inline { $0.decision }
    }
  }
}

extension TrialDecision.Verdict: FieldValue {}

extension TrialDecision: AnswerObject {
  package static let fields = Fields<TrialDecision> {
    Field(
      "decision",
      "`continue`; `pause`: the trial has ended, keep its checkpoint and ask for another trial; `stop`: the trial has ended, and nothing of it is needed any more."
    ) { $0.verdict }
    Field(
      "reason",
      "`targetNotReached`, `rungReached`, `searchFinished`, `completed`, `diverged`, `cannotBeBest`, `belowFloor`: a floor is missed with a probability above 0.99, or `excluded`."
    ) { $0.reason }
    Field("duplicate", "True where this step had been reported before.") { $0.isDuplicate ? true : nil }
  }
}

extension ObjectReader {
  mutating func trial() throws(InvalidField) -> Int {
    try required("trial", .integer(in: 1...Int.max), "The trial's number, from trial/next.")
  }

  mutating func elapsedSeconds() throws(InvalidField) -> Double? {
    try optional(
      "elapsedSeconds", .number(in: 0...1e30),
      "Seconds since the search began, by the client's clock; only for a budget of them.")
  }
}
