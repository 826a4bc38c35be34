internal import JSON
internal import ModelSelection
internal import Sessions

// How the settings of a search stand on the wire, for reading and for the export.

struct SelectionSettingsEntry: ObjectReadable {
  let settings: SelectionSettings

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let strategy: Strategy = try reader.optional(
      "strategy", .choice(), default: SearchSettings().strategy,
      """
      `race`, the default: all candidates alike for up to 47 % of the budget, then the step that is expected to improve \
      the suggestion most for its cost; needs no clusters. Without a budget it spends about 1/2.9 of what training every \
      candidate on all data takes. `mordal`, as published: halving over clusters, then scaling prediction inside the \
      best; about 1/16 without a budget. The others are baselines.
      """
    )
    let published = SearchSettings(strategy: strategy)
    var search = published
    search.startFraction = try reader.optional(
      "startFraction", .number(in: 1e-9...1), default: published.startFraction,
      "Data of the first evaluations; 1/64 by default for a race and for successive halving, 0.03 for the others.")
    search.reductionFactor = try reader.optional(
      "reductionFactor", .number(in: 1.01...64), default: published.reductionFactor,
      "Each halving keeps one cluster in this many, and multiplies the data by it; 2 by default.")
    search.survivingClusterCount = try reader.optional(
      "survivingClusterCount", .integer(in: 1...Limits.candidateCount), default: published.survivingClusterCount,
      "The number of clusters with which halving ends; 3 by default.")
    search.observedFraction = try reader.optional(
      "observedFraction", .number(in: 1e-9...1), default: published.observedFraction,
      "Scaling prediction looks at up to this part of the data; 1/8 by default. A race goes beyond it where that is not enough."
    )
    search.regimeDeviations = try reader.optional(
      "regimeDeviations", .positive, default: published.regimeDeviations,
      "The evidence counts a point as part of the straight end of a learning curve while it is within this many standard deviations of the fit; 5 by default. Predictions do not depend on it."
    )
    search.explorationFraction = try reader.optional(
      "explorationFraction", .number(in: 0...1), default: published.explorationFraction,
      "The most that may be spent on members of eliminated clusters.")
    search.regretBoundFraction = try reader.optional(
      "regretBoundFraction", .number(in: 0...1), default: published.regretBoundFraction,
      "The search ends when the suggestion's expected regret, as a part of its error, is below this; 0 for never.")
    search.failureLimit = try reader.optional(
      "failureLimit", .integer(in: 1...1000), default: published.failureLimit,
      "A candidate whose trials failed so often is given up.")
    search.repetitionLimit = try reader.optional(
      "repetitionLimit", .integer(in: 0...1000), default: published.repetitionLimit,
      "How often a race may train a finished candidate again with another seed, where noise leaves open which is the best; 0 by default."
    )
    let seed = try reader.optional(
      "seed", .integer(in: 0...Int.max), "Where its randomness begins; the session's by default.")
    let budget: BudgetEntry? = try reader.optional(
      "budget", .object(),
      "What may be spent; without limits by default. No trial is given out that would pass a limit together with those under way, at what trials took so far; where one is reached all the same, trials under way are paused at their next report."
    )
    let gpus = try reader.optional(
      "gpusPerTrial", .integer(in: 1...1024), default: 1, "Registered GPUs that each trial runs on.")
    search.prefersElapsed = try reader.optional(
      "preferElapsed", .bool, default: published.prefersElapsed,
      "Whether a race gives workers that would wait for others any step with something to gain, which takes less time and costs more."
    )
    let lease = try reader.optional(
      "leaseSeconds", .positive,
      "A trial without a report for longer than this, in session time, is lost; choose several times the interval of reports. By default trials wait for ever."
    )
    let start = try reader.optional(
      "startSeconds", .number(in: 0...1e30),
      "Seconds that every trial takes until it trains, beside what its candidate's parts add. They count in the value of a step and against every budget; reports correct them. Before a trial has reported gpuSeconds, cost weights are taken for GPU-seconds, and where there are none starts do not count."
    )
    if let budget { search.budget = budget.budget }
    settings = SelectionSettings(
      search: search, seed: seed.map(UInt64.init), gpusPerTrial: gpus, leaseSeconds: lease, startSeconds: start)
  }
}

struct BudgetEntry: ObjectReadable {
  let budget: Budget

  init(from reader: inout ObjectReader) throws(InvalidField) {
    budget = Budget(
      gridFraction: try reader.optional(
        "gridFraction", .number(in: 0...1),
        "Part of what training every candidate on all data would cost, by the cost weights; candidates that join later raise the limit."
      ),
      gpuSeconds: try reader.optional(
        "gpuSeconds", .number(in: 0...1e30),
        "GPU-seconds, or the unit of the cost weights where trials report none. Where the pool states no cost weights, one trial runs until it has reported."
      ),
      joules: try reader.optional(
        "energyJoules", .number(in: 0...1e30), "Joules that trials report; one trial runs until some work was reported."
      ),
      trials: try reader.optional("trials", .integer(in: 0...Int.max), "Trials given out."),
      wallSeconds: try reader.optional(
        "elapsedSeconds", .number(in: 0...1e30),
        "Seconds by the client's clock, as trial/next, trial/update and trial/fail report it."))
  }
}

extension SelectionSettings {
  /// As the field `search` of pool/submit.
  var json: JSON {
    var writer = ObjectWriter()
    writer.braced { write(to: &$0) }
    do throws(JSONSyntaxError) {
      return try JSON.parse(writer.json.bytes)
    } catch {
      preconditionFailure("the writer wrote what is no JSON: \(error)")
    }
  }

  /// The fields as pool/submit takes them.
  func write(to object: inout ObjectWriter) {
    object.field("strategy", search.strategy.rawValue)
    object.field("startFraction", search.startFraction)
    object.field("reductionFactor", search.reductionFactor)
    object.field("survivingClusterCount", search.survivingClusterCount)
    object.field("observedFraction", search.observedFraction)
    object.field("regimeDeviations", search.regimeDeviations)
    object.field("explorationFraction", search.explorationFraction)
    object.field("regretBoundFraction", search.regretBoundFraction)
    object.field("failureLimit", search.failureLimit)
    object.field("repetitionLimit", search.repetitionLimit > 0 ? search.repetitionLimit : nil)
    object.field("seed", seed.map(Int.init))
    object.field("gpusPerTrial", gpusPerTrial)
    object.field("preferElapsed", search.prefersElapsed ? true : nil)
    object.field("leaseSeconds", leaseSeconds)
    object.field("startSeconds", startSeconds)
    object.object("budget") { search.budget.write(to: &$0) }
  }
}

extension Budget {
  /// The fields as pool/submit and search/revise take them.
  func write(to object: inout ObjectWriter) {
    object.field("gridFraction", gridFraction)
    object.field("gpuSeconds", gpuSeconds)
    object.field("energyJoules", joules)
    object.field("trials", trials)
    object.field("elapsedSeconds", wallSeconds)
  }
}
