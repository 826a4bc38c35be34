package import JSON
internal import ModelSelection
package import Sessions

/// `suggestion/get`: which model to take.
package enum SuggestionGet: SessionQuery {
  package static let name = "suggestion/get"
  package static let purpose =
    "Suggests the candidate that will score best on all data: how well, how certain that is, what finding it has cost beside training them all, and the observations behind it. May be asked at any time."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .noPool]

  package struct Params: SessionScoped {
    package let session: String
    let evidenceLimit: Int
    let untriedLimit: Int

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      evidenceLimit = try reader.optional(
        "evidenceLimit", .integer(in: 0...Limits.candidateCount), default: 5,
        "For how many of the best candidates to list the observations.")
      untriedLimit = try reader.optional(
        "untriedLimit", .integer(in: 0...Limits.candidateCount), default: 100,
        "How many candidates to name at most that were never tried.")
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    let search = try session.requireSearch()
    return Answer(
      revision: session.revision,
      report: search.report(evidenceLimit: params.evidenceLimit, untriedLimit: params.untriedLimit))
  }

  package struct Answer: AnswerObject {
    let revision: Int
    let report: SuggestionReport

    package static let fields = Fields<Answer> {
      Field("revision", "The number of changes that the session has accepted.") { $0.revision }
      Field("suggestion", "The best candidate so far; absent before the first observation.") { $0.report.suggestion }
      Field("finished", "Whether the search asks for no more trials.") { $0.report.stopReason != nil }
      Field(
        "finishReason",
        "`regretBelowBound`; `planComplete`: no remaining work is worth its cost; `noCandidateLeft`: every candidate has left the search, `problems` says why; or the budget that is spent."
      ) { $0.report.stopReason }
      Field("cost", "What the search has taken so far.") {
        Cost(spending: $0.report.spending, openTrialCount: $0.report.openTrialCount)
      }
      Field("gridCost", "What training every candidate on all data would take.") { GridCost(report: $0.report) }
      Field("savingFactor", "How many times less than that the search has taken.") { $0.report.savingFactor }
      Field("untriedCount", "Candidates that were never tried.") { $0.report.untriedCount }
      Field("untried", "The first of them.") { $0.report.untried }
      Field("evidence", "The observations behind the predictions of the best candidates.") { $0.report.evidence }
      Field(
        "problems", "Candidates that left the search or seem broken, at most 100; absent where there are none."
      ) { $0.report.problems.isEmpty ? nil : $0.report.problems }
      Field("diagnostics", "What seems wrong with the description of task and pool; absent where nothing does.") {
        $0.report.diagnostics.isEmpty ? nil : $0.report.diagnostics
      }
    }
  }

  struct Cost: AnswerObject {
    let spending: Spending
    let openTrialCount: Int

    static let fields = Fields<Cost> {
      Field(
        "gpuSeconds",
        "GPU-seconds that trials reported; work without a report counts at the rate of the others. Where no trial reports any, cost weights times shares of the data."
      ) { $0.spending.gpuSeconds }
      Field("energyJoules", "Joules that trials reported.") { $0.spending.joules }
      Field("trialCount", "Trials assigned.") { $0.spending.trials }
      Field("openTrialCount", "Open trials.") { $0.openTrialCount }
      Field("elapsedSeconds", "The session time: the latest that a client reported.") {
        $0.spending.wallSeconds
      }
    }
  }

  struct GridCost: AnswerObject {
    let report: SuggestionReport

    static let fields = Fields<GridCost> {
      Field("gpuSeconds", "In the same unit as the cost.") { $0.report.gridGPUSeconds }
      Field("energyJoules", "At the mean power of the trials that reported energy; absent where none did.") {
        $0.report.gridJoules
      }
    }
  }
}

extension SuggestionReport.Suggested: AnswerObject {
  package static let fields = Fields<SuggestionReport.Suggested> {
    Field.inline { $0.ranked }
    Field(
      "expectedRegretFraction",
      "How much higher its error is expected to be than that of the truly best, as a share of its own error."
    ) { $0.expectedRegretFraction }
    Field(
      "floorsUncertain",
      "True where it meets the floors less probably than the task asks for; no other candidate meets them more probably."
    ) { $0.isFloorUncertain ? true : nil }
    Field("expectedRegretScore", unit: "of the metric", "The same in the metric's unit.") { $0.expectedRegretScore }
  }
}

extension CandidateStatus: FieldValue {}
extension CandidateFlag: FieldValue {}

extension RankedCandidate: AnswerObject {
  package static let fields = Fields<RankedCandidate> {
    Field("candidate", "The candidate.") { $0.candidate }
    Field("status", "Where its training stands; `givenUp`: it left the search.") { $0.status }
    Field("closure", "Why it is not trained further; absent while it may be.") { $0.closure }
    Field(
      "flag",
      "A sign that it is broken: `worseWithData`, or `farBelowParts`: far below everything that candidates with one of its parts have scored."
    ) { $0.flag }
    Field("pinned", "True where candidate/pin keeps it from being stopped.") { $0.isPinned ? true : nil }
    Field("predictedScore", unit: "of the metric", "Its predicted score on all data; absent without a prediction.") {
      $0.predictedScore
    }
    Field(
      "scoreInterval", unit: "of the metric", "The ends of the interval that holds that score with probability 0.9."
    ) { $0.scoreInterval }
    Field(
      "probabilityBestFraction",
      "The probability that no other candidate scores better; with floors, that it meets them and none that does scores better."
    ) { $0.probabilityBestFraction }
    Field("floorProbabilityFraction", "The probability that it meets all floors; absent without floors.") {
      $0.floorProbabilityFraction
    }
    Field("metrics", "What is predicted of each metric; absent where the task has one.") {
      $0.metrics.isEmpty ? nil : $0.metrics
    }
  }
}

extension PredictedMetric: AnswerObject {
  package static let fields = Fields<PredictedMetric> {
    Field("name", "The metric.") { $0.name }
    Field("predictedScore", unit: "of the metric", "Its predicted score on all data.") { $0.predictedScore }
    Field(
      "scoreInterval", unit: "of the metric", "The ends of the interval that holds that score with probability 0.9."
    ) { $0.scoreInterval }
    Field("floorProbabilityFraction", "The probability that the score meets the floor; absent without one.") {
      $0.floorProbabilityFraction
    }
  }
}

extension ObservedScore: AnswerObject {
  package static let fields = Fields<ObservedScore> {
    Field("dataFraction", "Share of the alignment data trained on.") { $0.dataFraction }
    Field("score", unit: "of the metric", "The score, as it was reported.") { $0.score }
  }
}

extension CandidateEvidence: AnswerObject {
  package static let fields = Fields<CandidateEvidence> {
    Field.inline { $0.ranked }
    Field("observations", "The scores observed, by growing data.") { $0.observations }
    Field(
      "regimePointCount",
      "How many of them, from the largest data down, lie on the straight end of the curve in logarithms."
    ) { $0.regimePointCount }
    Field("slope", unit: "1", "The change of the log error for each unit of the log of the data.") { $0.slope }
    Field("fitMeanSquareLogError", unit: "1", "Mean square error of the straight line, in log error.") {
      $0.fitMeanSquareLogError
    }
    Field("extrapolationRatio", "All data over the most that was observed.") { $0.extrapolationRatio }
  }
}

extension SelectionDiagnostic.Kind: FieldValue {}

extension SelectionDiagnostic: AnswerObject {
  package static let fields = Fields<SelectionDiagnostic> {
    Field(
      "kind",
      "`metricDirection`: scores get worse with more data; `metricRange`: scores use a small part of the range; `unknownName`: a rule names what no part has."
    ) { $0.kind }
    Field("path", "The param of pool/submit that it is about.") { $0.path }
    Field("message", "What was found, for people.") { $0.message }
  }
}
