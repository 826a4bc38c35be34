/// Another candidate leads a search.
package struct LeaderChange: Sendable {
  package let session: String
  package let revision: Int
  package let candidate: CandidateName
  package let predictedScore: Double
  package let probabilityBestFraction: Double
}
