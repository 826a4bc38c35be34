internal import Basics
internal import EnergyFrontier
internal import JSON
internal import JSONRPC
internal import ManifestText
internal import ModelSelection
internal import Sessions

/// What an editor shows of a session, asked of the process that has it. No client sends this: one that has opened the
/// session has requests of its own for each part, and an editor opens none.
struct SessionViewQuery: SessionScoped, Equatable {
  let session: String
  /// The pipeline whose frontier is shown; the session's first where nil.
  let pipeline: String?
  /// The objective of frontier/query, less session and pipeline; nil for none.
  let objective: JSON?
  /// Whether the whole frontier is wanted.
  var wantsCurve: Bool

  init(session: String, pipeline: String?, objective: JSON?, wantsCurve: Bool = false) {
    (self.session, self.pipeline, self.objective, self.wantsCurve) = (session, pipeline, objective, wantsCurve)
  }

  init(from reader: inout ObjectReader) throws(InvalidField) {
    session = try reader.session()
    pipeline = try reader.optional("pipeline", .text(), "The pipeline.")
    objective = try reader.optional("objective", .any, "The objective.")
    wantsCurve = try reader.optional("curve", .bool, default: false, "Whether the whole frontier is wanted.")
  }

  var json: JSON {
    [
      "session": .string(session), "pipeline": pipeline.map { .string($0) } ?? .null, "objective": objective ?? .null,
      "curve": .bool(wantsCurve),
    ]
  }
}

/// The answer to ``SessionViewQuery``, of a session as it is: what other methods answer about it, without its evidence.
struct SessionViewAnswer: AnswerObject, Sendable {
  /// Nil where there is no such session.
  var revision: Int?
  /// Clients that have the session open: nil where no process serves it.
  var holderCount: Int?
  var suggestion: SuggestionGet.Answer?
  var ranking: [RankedEntry] = []
  var trials: [ListedTrial] = []
  var pipeline: String?
  var point: FrontierPoint?
  var refusal: String?
  var curve: CurveSummary?

  /// The most candidates and trials that an editor shows.
  private static let (candidateLimit, trialLimit) = (1000, 1000)

  static let fields = Fields<SessionViewAnswer> {
    Field("revision", "Of the session; absent where there is none.") { $0.revision }
    Field("holderCount", "Clients that have it open; absent where no process serves it.") { $0.holderCount }
    Field("suggestion", "As suggestion/get.") { $0.suggestion }
    Field("ranking", "As suggestion/ranking.") { $0.ranking }
    Field("trials", "The open ones, as trial/list.") { $0.trials }
    Field("pipeline", "The pipeline of the frontier.") { $0.pipeline }
    Field("point", "As frontier/query.") { $0.point }
    Field("refusal", "Why there is no point.") { $0.refusal }
    Field("curve", "As frontier/curve.") { $0.curve }
  }

  /// For a session that is not there.
  init() {}

  /// O(candidates), and sorting them.
  init(_ query: SessionViewQuery, of state: SessionState, holderCount: Int? = nil) {
    revision = state.revision
    self.holderCount = holderCount
    if let search = state.search {
      suggestion = SuggestionGet.Answer(
        revision: state.revision, report: search.report(evidenceLimit: 0, untriedLimit: 0))
      ranking = search.rankedCandidates(limit: Self.candidateLimit).enumerated().map {
        RankedEntry($1, rank: $0 + 1, in: search)
      }
      trials = search.trials(openOnly: true, offset: 0, limit: Self.trialLimit).trials
    }
    guard let pipeline = query.pipeline ?? state.pipelines.first?.name else { return }
    self.pipeline = pipeline
    do throws(RequestError) {
      if query.wantsCurve { curve = CurveSummary(try state.currentFrontier(of: pipeline).characterized) }
      guard let objective = query.objective?.objectValue else { return }
      let scope: [JSONObject.Member] = [
        .init(key: "session", value: .string(state.name)), .init(key: "pipeline", value: .string(pipeline)),
      ]
      let params = try Self.params(JSONObject(members: objective.members + scope))
      point = try FrontierQuery.answer(params, in: state)
    } catch {
      refusal = ManifestWords(language: .toml).refusal(error)
    }
  }

  private static func params(_ json: JSONObject) throws(RequestError) -> FrontierQuery.Params {
    do throws(InvalidField) {
      return try FrontierQuery.Params(reading: .object(json))
    } catch {
      // Diagnostics say the same at its place.
      throw RequestError(
        .objectiveOutOfReach, path: error.pathText, expected: error.expected, found: error.found, fix: error.fix ?? "")
    }
  }
}

/// A candidate of the ranking with what an editor shows beside.
struct RankedEntry: AnswerObject, Sendable {
  let entry: SuggestionRanking.Entry
  /// The number of its cluster, from 0.
  let cluster: Int?
  /// The score at the most data so far, and that share of the data.
  let (lastScore, lastFraction): (Double?, Double?)

  init(_ ranked: RankedCandidate, rank: Int, in search: ModelSearch) {
    entry = SuggestionRanking.Entry(rank: rank, ranked: ranked)
    let number = search.pool.number(of: ranked.candidate)
    cluster = number.map { search.clustering.clusterOfCandidate[$0] }
    let last = number.flatMap { search.engine.evidence(of: $0).observations.last }
    (lastScore, lastFraction) = (last?.score, last?.dataFraction)
  }

  static let fields = Fields<RankedEntry> {
    Field.inline { $0.entry }
    Field("cluster", "The number of its cluster, from 0.") { $0.cluster }
    Field("lastScore", "The score at the most data so far.") { $0.lastScore }
    Field("lastFraction", "That share of the data.") { $0.lastFraction }
  }
}

/// Says, once for each `$/view`, that the session has changed since.
struct SessionViewChanged: Notification {
  static let name = "$/viewChanged"
  static let purpose = "Says that a session has changed since it was viewed."
  let session: String

  static let fields = Fields<SessionViewChanged> {
    Field("session", "The session.") { $0.session }
  }
}
