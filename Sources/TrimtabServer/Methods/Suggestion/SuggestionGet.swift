package import JSON
internal import ModelSelection
package import Sessions

/// `suggestion/get`: which model to take.
package enum SuggestionGet: SessionQuery {
  package static let name = "suggestion/get"
  package static let purpose =
    "Suggests the candidate that will score best on all data: how well, how sure that is, what finding it has cost beside training them all, and what it rests on. May be asked at any time."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .noPool]

  package struct Params: SessionScoped {
    package let session: String
    let evidenceLimit: Int
    let untriedLimit: Int

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      evidenceLimit = try reader.optional(
        "evidenceLimit", .integer(in: 0...Limits.candidateCount), default: 5,
        "Give the evidence of so many of the best candidates.")
      untriedLimit = try reader.optional(
        "untriedLimit", .integer(in: 0...Limits.candidateCount), default: 100,
        "Name at most so many candidates that were never tried.")
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    Answer(search: try session.requireSearch(), revision: session.revision, params: params)
  }

  package struct Answer: ObjectWritable {
    let search: ModelSearch
    let revision: Int
    let params: Params

    package func write(to object: inout ObjectWriter) {
      let (suggestion, ranking) = search.answers(limit: params.evidenceLimit)
      object.field("revision", revision, "Counts the session's accepted changes.")
      if let suggestion {
        object.object("suggestion", "The best candidate so far; absent while nothing has been observed.") {
          suggestion.prediction.write(to: &$0, search.pool)
          $0.field(
            "expectedRegretFraction", finite(suggestion.expectedRegretFraction),
            "How much higher its error is expected to be than that of the truly best, as a part of its own error.")
          $0.field(
            "expectedRegretScore", finite(regretScore(suggestion)), "The same in the metric's unit.")
        }
      }
      object.field("finished", suggestion?.stopReason != nil, "Whether the search asks for no more trials.")
      object.field(
        "finishReason", suggestion?.stopReason?.rawValue,
        "`regretBelowBound`, `planComplete`, or the budget that is spent.")
      object.object("cost", "What the search has taken so far.") { writeCost(to: &$0) }
      object.object("gridCost", "What training every candidate on all data would take.") { writeGridCost(to: &$0) }
      object.field(
        "savingFactor",
        search.spending.gpuSeconds > 0 ? finite(search.gridGPUSeconds / search.spending.gpuSeconds) : nil,
        "How many times less than that the search has taken.")
      let untried = search.neverTried
      object.field("untriedCount", untried.count, "Candidates that were never tried.")
      object.list("untried", untried.prefix(params.untriedLimit), "The first of them.") {
        search.pool.name(of: $0).write(to: &$1)
      }
      let best = ranking.filter { $0.predictedError.isFinite }
      object.list("evidence", best, "What the predictions of the best candidates rest on.") { prediction, entry in
        prediction.write(to: &entry, search.pool)
        search.evidence(of: prediction.candidate).write(to: &entry, search.pool.task.metric)
      }
    }

    private func regretScore(_ suggestion: Suggestion) -> Double {
      let error = suggestion.prediction.predictedError
      return search.pool.task.metric.scoreLoss(ofError: error, from: error * (1 - suggestion.expectedRegretFraction))
    }

    private func writeCost(to object: inout ObjectWriter) {
      let spending = search.spending
      object.field(
        "gpuSeconds", spending.gpuSeconds,
        "GPU-seconds that trials reported; where none did, the candidates' cost weights times the data they saw.")
      object.field("energyJoules", spending.joules, "Joules that trials reported.")
      object.field("trialCount", spending.trials, "Trials given out.")
      object.field("openTrialCount", search.openTrialCount, "Those under way.")
      object.field("elapsedSeconds", spending.wallSeconds, "The latest time that a client told.")
    }

    private func writeGridCost(to object: inout ObjectWriter) {
      let spending = search.spending
      object.field("gpuSeconds", search.gridGPUSeconds, "In the same unit as the cost.")
      let joules = spending.gpuSeconds > 0 ? spending.joules / spending.gpuSeconds * search.gridGPUSeconds : 0
      object.field(
        "energyJoules", spending.joules > 0 ? finite(joules) : nil,
        "At the mean power of the trials that reported; absent where none did.")
    }
  }
}

/// The number, if JSON has a spelling for it.
private func finite(_ number: Double) -> Double? { number.isFinite ? number : nil }

extension Prediction {
  /// The fields of a ranked candidate.
  func write(to object: inout ObjectWriter, _ pool: CandidatePool) {
    let metric = pool.task.metric
    object.object("candidate", "The candidate.") { pool.name(of: candidate).write(to: &$0) }
    object.field(
      "status", status.rawValue,
      "Where it stands: `untried`, `observed`, `running`, `complete`, `stopped` or `givenUp`.")
    guard predictedError.isFinite else { return }
    object.field("predictedScore", metric.score(ofError: predictedError), "Its score on all data, as predicted.")
    let ends = [metric.score(ofError: lowerError), metric.score(ofError: upperError)].sorted()
    object.field("scoreInterval", ends, "Holds its score on all data with probability 0.9.")
    object.field(
      "probabilityBestFraction", finite(probabilityBestFraction),
      "How likely no other candidate scores better, in 0...1.")
  }
}

extension Evidence {
  fileprivate func write(to object: inout ObjectWriter, _ metric: Metric) {
    object.list("observations", observations, "The scores seen, by growing data.") { observation, entry in
      entry.field("dataFraction", observation.dataFraction, "Part of the alignment data trained on.")
      entry.field("score", metric.score(ofError: observation.error), "The score.")
    }
    object.field(
      "regimePointCount", regimePointCount,
      "How many of them, from the largest down, lie on the straight end of the curve.")
    object.field("slope", slope, "By how much the log of the error changes with the log of the data.")
    object.field(
      "fitMeanSquareLogError", fitMeanSquareLogError, "Mean square error of the straight line, in log error.")
    object.field("extrapolationRatio", extrapolationRatio, "All data over the most that was seen.")
  }
}
