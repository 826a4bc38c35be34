internal import Basics
internal import JSON
internal import Sessions

/// What is known of a manifest's session: ``SessionViewAnswer`` as a process reads it that may not have the session.
struct SessionView: Equatable, Sendable {
  /// A candidate of the ranking.
  struct Ranked: Equatable, Sendable {
    let rank: Int
    let candidate: CandidateName
    let status: String
    let closure: String?
    let cluster: Int?
    let lastScore: Double?
    let lastFraction: Double?
    let predictedScore: Double?
    let interval: [Double]
    let probabilityBest: Double?
  }

  /// A trial that a worker runs.
  struct Trial: Equatable, Sendable {
    let number: Int
    let candidate: CandidateName
    /// Shares of the data: where it is, as far as it has reported, and where it ends.
    let fraction: Double
    let toFraction: Double
  }

  /// The point of the frontier that the objective leads to.
  struct Point: Equatable, Sendable {
    let timeSeconds: Double
    let energyJoules: Double
    let gapFraction: Double
    let savingFraction: Double
    let slowdownFraction: Double
    let isStale: Bool
    /// What the same iteration takes at the highest frequencies, in joules.
    var savedJoules: Double { savingFraction < 1 ? energyJoules * savingFraction / (1 - savingFraction) : 0 }
  }

  let revision: Int
  /// Clients that have the session open: where there are none, no launcher works on it.
  let holderCount: Int
  let suggestion: Ranked?
  let isFinished: Bool
  let gpuSeconds: Double
  let gridGPUSeconds: Double
  let trialCount: Int
  let trials: [Trial]
  /// The best first.
  let ranking: [Ranked]
  let pipeline: String?
  let point: Point?
  /// Why there is no point.
  let refusal: String?
  let hasSearch: Bool
  /// The suggestion and the ranking as they were answered, for clients.
  let suggestionJSON: JSON?
  let rankingJSON: JSON?

  /// Nil where there is no such session.
  init?(_ json: JSON) {
    guard let revision = json["revision"]?.integerValue else { return nil }
    self.revision = revision
    holderCount = json["holderCount"]?.integerValue ?? 0
    let suggested = json["suggestion"]
    hasSearch = suggested != nil
    let ranking = json["ranking"]?.arrayValue?.enumerated().compactMap { Self.ranked($1, rank: $0 + 1) } ?? []
    suggestion = suggested?["suggestion"].flatMap { best in
      let name = CandidateName(best["candidate"])
      return ranking.first { $0.candidate == name } ?? Self.ranked(best, rank: 1)
    }
    self.ranking = ranking
    isFinished = suggested?["finished"]?.boolValue ?? false
    gpuSeconds = suggested?["cost"]?["gpuSeconds"]?.doubleValue ?? 0
    trialCount = suggested?["cost"]?["trialCount"]?.integerValue ?? 0
    gridGPUSeconds = suggested?["gridCost"]?["gpuSeconds"]?.doubleValue ?? 0
    trials = json["trials"]?.arrayValue?.compactMap(Self.trial) ?? []
    pipeline = json["pipeline"]?.stringValue?.text
    point = json["point"].flatMap(Self.point)
    refusal = json["refusal"]?.stringValue?.text
    (suggestionJSON, rankingJSON) = (suggested?["suggestion"]?.detached, json["ranking"]?.detached)
  }

  private static func ranked(_ json: JSON, rank: Int) -> Ranked? {
    guard let candidate = CandidateName(json["candidate"]) else { return nil }
    return Ranked(
      rank: rank, candidate: candidate, status: json["status"]?.stringValue?.text ?? "",
      closure: json["closure"]?.stringValue?.text, cluster: json["cluster"]?.integerValue,
      lastScore: json["lastScore"]?.doubleValue, lastFraction: json["lastFraction"]?.doubleValue,
      predictedScore: json["predictedScore"]?.doubleValue,
      interval: json["scoreInterval"]?.arrayValue?.compactMap { $0.doubleValue } ?? [],
      probabilityBest: json["probabilityBestFraction"]?.doubleValue)
  }

  private static func trial(_ json: JSON) -> Trial? {
    guard let candidate = CandidateName(json["candidate"]), let number = json["trial"]?.integerValue,
      let from = json["fromFraction"]?.doubleValue, let to = json["toFraction"]?.doubleValue
    else { return nil }
    return Trial(
      number: number, candidate: candidate, fraction: json["lastDataFraction"]?.doubleValue ?? from, toFraction: to)
  }

  private static func point(_ json: JSON) -> Point? {
    guard let time = json["plan"]?["iterationTimeSeconds"]?.doubleValue,
      let energy = json["plan"]?["energyJoules"]?.doubleValue, let gap = json["plan"]?["gapFraction"]?.doubleValue,
      let saving = json["savingFraction"]?.doubleValue, let slowdown = json["slowdownFraction"]?.doubleValue
    else { return nil }
    return Point(
      timeSeconds: time, energyJoules: energy, gapFraction: gap, savingFraction: saving, slowdownFraction: slowdown,
      isStale: json["stale"]?.boolValue ?? false)
  }

  /// The candidates with a part, the best first. O(candidates).
  func candidates(with part: String) -> [Ranked] {
    ranking.filter { ranked in
      [ranked.candidate.encoder, ranked.candidate.projector, ranked.candidate.languageModel].contains {
        $0.map { ExactString($0) == ExactString(part) } ?? false
      }
    }
  }
}

extension CandidateName {
  fileprivate init?(_ json: JSON?) {
    guard let encoder = json?["encoder"]?.stringValue?.text, let model = json?["languageModel"]?.stringValue?.text
    else {
      return nil
    }
    self.init(encoder: encoder, projector: json?["projector"]?.stringValue?.text, languageModel: model)
  }
}
