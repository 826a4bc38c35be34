package import JSON
package import Sessions

/// `suggestion/ranking`: all candidates in order.
package enum SuggestionRanking: SessionQuery {
  package static let name = "suggestion/ranking"
  package static let purpose =
    "Ranks the candidates by their predicted score on all data, the best first and those never tried last, in pieces if wanted."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .noPool]

  package struct Params: SessionScoped {
    package let session: String
    let offset: Int
    let limit: Int

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      offset = try reader.optional(
        "offset", .integer(in: 0...Limits.candidateCount), default: 0, "How many candidates to skip.")
      limit = try reader.optional(
        "limit", .integer(in: 1...Limits.candidateCount), default: 1000, "The largest number of candidates to list.")
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    let search = try session.requireSearch()
    let count = search.pool.candidates.count
    let end = min(params.offset + params.limit, count)
    let ranking = search.rankedCandidates(limit: end).enumerated().dropFirst(params.offset)
    return Answer(
      revision: session.revision, candidateCount: count,
      ranking: ranking.map { Entry(rank: $0.offset + 1, ranked: $0.element) }, nextOffset: end < count ? end : nil)
  }

  package struct Answer: AnswerObject {
    let revision: Int
    let candidateCount: Int
    let ranking: [Entry]
    let nextOffset: Int?

    package static let fields = Fields<Answer> {
      Field("revision", "The number of changes that the session has accepted: pieces of one revision fit together.") {
        $0.revision
      }
      Field("candidateCount", "Candidates in the pool.") { $0.candidateCount }
      Field("ranking", "The candidates, the best first.") { $0.ranking }
      Field("nextOffset", "Where the next piece begins; absent at the end.") { $0.nextOffset }
    }
  }

  struct Entry: AnswerObject, Sendable {
    let rank: Int
    let ranked: RankedCandidate

    static let fields = Fields<Entry> {
      Field("rank", "From 1.") { $0.rank }
      Field.inline { $0.ranked }
    }
  }
}
