package import JSON
package import Sessions

/// `candidate/pin`: a candidate that is never stopped as hopeless.
package enum CandidatePin: DirectedStep {
  package static let name = "candidate/pin"
  package static let purpose =
    "Keeps a candidate from being stopped as hopeless, or lifts that. The strategy still decides when it is trained, and the suggestion does not prefer it."

  package static func directive(from reader: inout ObjectReader) throws(InvalidField) -> CandidateDirective {
    .pin(try reader.optional("pinned", .bool, default: true, "False lifts the pin."))
  }
}
