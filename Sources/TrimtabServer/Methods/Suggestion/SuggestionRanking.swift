package import JSON
internal import ModelSelection
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
      offset = try reader.optional("offset", .integer(in: 0...Limits.candidateCount), default: 0, "Leave out so many.")
      limit = try reader.optional(
        "limit", .integer(in: 1...Limits.candidateCount), default: 1000, "Give at most so many.")
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
      let count = search.pool.candidates.count
      let end = min(params.offset + params.limit, count)
      let ranking = search.ranking(limit: end).enumerated().dropFirst(params.offset)
      object.field("revision", revision, "Counts the session's accepted changes: pieces of one revision fit together.")
      object.field("candidateCount", count, "Candidates in the pool.")
      object.list("ranking", ranking, "The candidates, the best first.") { ranked, entry in
        entry.field("rank", ranked.offset + 1, "From 1.")
        ranked.element.write(to: &entry, search.pool)
      }
      object.field("nextOffset", end < count ? end : nil, "Where the next piece begins; absent at the end.")
    }
  }
}
