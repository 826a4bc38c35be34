package import JSON
package import Sessions

/// `candidate/withdraw`: a candidate that leaves the search for good.
package enum CandidateWithdraw: DirectedStep {
  package static let name = "candidate/withdraw"
  package static let purpose =
    "Removes a candidate from the search for good, because it is not available any more. Its open trial ends at once and frees its GPUs."

  package static func directive(from reader: inout ObjectReader) throws(InvalidField) -> CandidateDirective {
    .withdraw
  }
}
