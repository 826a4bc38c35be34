internal import Basics
internal import JSON
internal import JSONRPC
internal import Sessions

/// Brings a search in line with a manifest, by the requests that a person would send: models that are new join the
/// pool, the rules and the budget are those of the manifest, and candidates with models that it has no more are banned.
final class ManifestApplication {
  private let manifest: Manifest
  private let ask: Asking
  private let finish: (Result<String, RequestError>) -> Void
  private var done: [String] = []

  private init(
    _ manifest: Manifest, _ ask: @escaping Asking, _ finish: @escaping (Result<String, RequestError>) -> Void
  ) {
    (self.manifest, self.ask, self.finish) = (manifest, ask, finish)
  }

  /// - Parameter finish: gets what was done, in words, or why not.
  static func run(
    _ manifest: Manifest, _ view: SessionView, by source: any SessionSource,
    finish: @escaping (Result<String, RequestError>) -> Void
  ) {
    source.work { ask, end in
      let application = ManifestApplication(manifest, ask) { outcome in
        end()
        finish(outcome)
      }
      application.send(application.steps(view)[...])
    }
  }

  private struct Step {
    let method: String
    let params: [JSONObject.Member]
    /// What came of it, in words; nil for nothing worth saying.
    var note: (JSON) -> String? = { _ in nil }
  }

  private func steps(_ view: SessionView) -> [Step] {
    guard let pool = manifest.pool else { return [] }
    let settings = pool.json["search"]
    var steps = [Step(method: SessionOpen.name, params: [])]
    steps.append(
      Step(
        method: PoolSubmit.name,
        params: pool.json.filter { !["session", "search", "constraints"].contains($0.key.text) },
        note: { Self.count($0["addedCount"], "candidate", "added") }))
    steps.append(
      Step(
        method: SearchRevise.name,
        params: [
          .init(key: "constraints", value: pool.json["constraints"] ?? .object(JSONObject())),
          .init(key: "budget", value: settings?["budget"] ?? .object(JSONObject())),
        ],
        note: { answer in
          let notes = [
            Self.count(answer["excludedCount"], "candidate", "excluded by rules"),
            Self.count(answer["readmittedCount"], "candidate", "readmitted"),
            Self.count(answer["addedCount"], "candidate", "admitted by rules"),
          ].compactMap { $0 }
          return notes.isEmpty ? nil : notes.joined(separator: ", ")
        }))
    for candidate in dropped(view, pool.params.entry.submission) {
      steps.append(
        Step(
          method: CandidateBan.name,
          params: [
            .init(key: "encoder", value: .string(candidate.encoder)),
            .init(key: "projector", value: candidate.projector.map { .string($0) } ?? .null),
            .init(key: "languageModel", value: .string(candidate.languageModel)),
          ],
          note: { _ in "\(Words.name(candidate)) banned" }))
    }
    return steps
  }

  /// Candidates of the search with a model that the manifest has no more.
  private func dropped(_ view: SessionView, _ submission: PoolSubmission) -> [CandidateName] {
    func ids(_ components: [PoolComponent]) -> Set<ExactString> { Set(components.map { ExactString($0.id) }) }
    let (encoders, projectors) = (ids(submission.encoders), ids(submission.projectors))
    let models = ids(submission.languageModels)
    return view.ranking.filter { $0.closure == nil }.map(\.candidate).filter { candidate in
      !encoders.contains(ExactString(candidate.encoder)) || !models.contains(ExactString(candidate.languageModel))
        || candidate.projector.map { !projectors.contains(ExactString($0)) } ?? false
    }
  }

  private static func count(_ json: JSON?, _ noun: String, _ participle: String) -> String? {
    guard let count = json?.integerValue, count > 0 else { return nil }
    return "\(Words.count(count, noun)) \(participle)"
  }

  /// Sends the steps one after the other, until one is refused. Those before it stay.
  private func send(_ steps: ArraySlice<Step>) {
    guard let step = steps.first else {
      let what = done.isEmpty ? "its models, rules and budget are those of the manifest" : done.joined(separator: "; ")
      return finish(.success("Applied to the search: \(what)"))
    }
    let session = JSONObject.Member(key: "session", value: .string(manifest.name))
    ask(step.method, .object(JSONObject(members: [session] + step.params))) { [self] outcome in
      switch outcome {
      case .success(let answer):
        if let note = step.note(answer) { done.append(note) }
        send(steps.dropFirst())
      case .failure(let error):
        let before = done.isEmpty ? "" : "; done before that: \(done.joined(separator: "; "))"
        finish(
          .failure(
            RequestError(
              .invalidPool, expected: "a manifest that the search can take",
              found: "\(step.method) refused: \(error.message)\(before)", fix: "change the manifest and apply it again")
          ))
      }
    }
  }
}
