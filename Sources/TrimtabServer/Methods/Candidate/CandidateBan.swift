package import JSON
package import Sessions

/// `candidate/ban`: a candidate that takes no part for the time being.
package enum CandidateBan: DirectedStep {
  package static let name = "candidate/ban"
  package static let purpose =
    "Excludes a candidate from training and from the suggestion, or lifts that. Its open trial is stopped at its next report; its observations stay evidence about others."

  package static func directive(from reader: inout ObjectReader) throws(InvalidField) -> CandidateDirective {
    .ban(try reader.optional("banned", .bool, default: true, "False lifts the ban."))
  }
}
