package import JSON
package import Sessions

/// `candidate/advance`: train a candidate next.
package enum CandidateAdvance: DirectedStep {
  package static let name = "candidate/advance"
  package static let purpose =
    "Trains a candidate up to a share of the data before anything else that the strategy wants, within the budget. It is not stopped as hopeless before that."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .noPool, .unknownCandidate, .candidateClosed]

  package static func directive(from reader: inout ObjectReader) throws(InvalidField) -> CandidateDirective {
    .advance(
      toFraction: try reader.optional(
        "toFraction", .number(in: 1e-9...1), default: 1, "Share of the alignment data to train up to; all by default."),
      isRepeat: try reader.optional(
        "repeat", .bool, default: false,
        "True trains it from the start with another seed, which trial/next tells; scores at one share of the data are then averaged over the trainings. A candidate that was never trained is trained for the first time."
      ))
  }
}
