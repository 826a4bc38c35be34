package import Basics
internal import EnergyFrontier
package import JSON
package import Sessions

/// `profile/next`: what to measure next.
package enum ProfileNext: BackgroundQuery {
  package static let name = "profile/next"
  package static let purpose =
    """
    Names the measurements that lower the expected regret of plans most, and says when no more is worth its time. \
    Measure them, submit them, and ask again; then characterize with `estimate: "completed"`, which predicts what was \
    not measured. At first measurements are spread over stages and frequencies, until there is a law for each kind of \
    instruction by which to judge.
    """
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .invalidProfile, .overloaded, .cancelled,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let request: NextMeasurementsRequest

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      let pipeline = try reader.pipeline()
      let clocks = try reader.optional(
        "frequencies", .list(of: .positive, count: 1...256),
        """
        The frequencies that may be measured, on every stage. By default those that were measured of the same \
        instruction on any stage.
        """)
      let count = try reader.optional(
        "count", .integer(in: 1...256), default: 8,
        "How many measurements to name. Later ones allow for the earlier ones, but not for what these will find.")
      let sufficient = try reader.optional(
        "sufficientRegretFraction", .number(in: 0...1), default: 0.001,
        "Where plans are expected to lose at most this share of the energy, no measurement is worth its time.")
      let iterations = try reader.optional(
        "iterationCount", .number(in: 1...1e15), "Iterations that are still to run; beside `measurementJoules`.")
      let joules = try reader.optional(
        "measurementJoules", .number(in: 0...1e15),
        """
        What one measurement costs, in joules of all devices. Measurements that save less over `iterationCount` \
        iterations are not named.
        """)
      _ = try reader.workDoneToken()
      try reader.check(
        (iterations == nil) == (joules == nil), "measurementJoules", expected: "given exactly where iterationCount is")
      request = NextMeasurementsRequest(
        pipeline: pipeline, clocks: clocks.map { Set($0).sorted() }, count: count,
        sufficientRegretFraction: sufficient,
        budget: iterations.flatMap { count in
          joules.map { NextMeasurementsRequest.Budget(iterationCount: count, measurementJoules: $0) }
        })
    }
  }

  package typealias Answer = NextMeasurements

  package static func prepare(
    _ params: Params, in session: SessionState
  ) throws(RequestError) -> @Sendable (ProgressHandle) throws(RequestError) -> NextMeasurements {
    try session.nextMeasurements(params.request)
  }
}

extension NextMeasurements: AnswerObject {
  package static let fields = Fields<NextMeasurements> {
    Field("measurements", "What to measure, in this order; empty where nothing is worth its time.") { $0.entries }
    Field("sufficient", "Whether no further measurement is worth its time.") { $0.isSufficient }
    Field(
      "expectedRegretJoules",
      """
      What plans on the completed tables are expected to lose in an iteration against plans on the true ones, averaged \
      over the frontier, in joules of all devices; absent while measurements are spread.
      """
    ) { $0.expectedRegretJoules }
    Field("expectedRegretFraction", "The same as a share of the lower bound.") { $0.expectedRegretFraction }
  }
}

extension NextMeasurements.Reason: FieldValue {}

extension NextMeasurements.Entry: AnswerObject {
  package static let fields = Fields<NextMeasurements.Entry> {
    Field.inline { $0.table }
    Field("frequency", "The setting to measure at.") { $0.setting }
    Field(
      "reason",
      """
      `coverage`: there are too few frequencies for a law; `regret`: it lowers the expected regret most.
      """
    ) { $0.reason }
    Field("savedJoules", "By how much it lowers the expected regret of an iteration, after those before it.") {
      $0.savedJoules
    }
    Field("sampleCount", "Samples that there are already; more than 0 where measuring again helps most.") {
      $0.sampleCount
    }
  }
}
