internal import Basics
internal import EnergyFrontier
internal import JSON
internal import ModelSelection
internal import Sessions

/// Applies a manifest's sections to a session that is thrown away: what its operations refuse or warn of is a finding.
struct ManifestReview {
  struct Finding {
    /// In declared names, from the root.
    var path: [InvalidField.PathComponent]
    var severity = ManifestProblem.Severity.error
    var code: ManifestProblem.Code
    /// Like the remedy, in the words of the manifest.
    var message: String
    var remedy: String?
    var fix: Fix?
    /// Whether the text has nothing at the path, which must be there.
    var isMissing = false
  }

  enum Fix {
    /// Another value in the place of the one that stands there.
    case set(JSON)
    /// A key with a value in the table.
    case add(String, JSON)
  }

  private(set) var findings: [Finding] = []
  private let manifest: Manifest
  private let words: ManifestWords
  private let files: FileAccess?
  private var session: SessionState

  init(_ manifest: Manifest, _ words: ManifestWords, files: FileAccess?) {
    (self.manifest, self.words, self.files) = (manifest, words, files)
    session = SessionState(name: manifest.name, seed: UInt64(manifest.seed))
  }

  mutating func run() {
    if let gpus = manifest.gpus { _ = session.register(gpus.params.gpus) }
    reviewPool()
    reviewPipeline()
  }

  // MARK: The pool

  private mutating func reviewPool() {
    guard let pool = manifest.pool else { return }
    do throws(RequestError) {
      _ = try PoolSubmit.apply(pool.params, to: &session)
    } catch {
      return refuse(error, .invalidPool, in: "pool")
    }
    guard let search = session.search else { return }
    for diagnostic in search.diagnostics {
      let path = [.key("pool")] + ManifestName.components(diagnostic.path)
      if let name = diagnostic.name {
        findings.append(unknown(name, at: path, diagnostic.message, in: search.pool))
      } else {
        findings.append(
          Finding(path: path, severity: .warning, code: .unknownName, message: diagnostic.message))
      }
    }
    if let model = manifest.model { review(model, in: search.pool) }
    reviewBudget()
  }

  private func unknown(
    _ name: PoolName, at path: [InvalidField.PathComponent], _ message: String, in pool: CandidatePool
  ) -> Finding {
    let near = UnknownField.nearest(to: name.text, among: pool.names(name.kind))
    return Finding(
      path: path, severity: .warning, code: .unknownName, message: message,
      remedy: near.map { "did you mean \"\($0)\"?" } ?? "correct the name, or remove it",
      fix: near.map { .set(.string($0)) })
  }

  /// Whether the pool has the candidate that was chosen.
  private mutating func review(_ model: CandidateName, in pool: CandidatePool) {
    guard pool.number(of: model) == nil else { return }
    var isKnown = true
    let parts: [(String, PoolName.Kind, String?)] = [
      ("encoder", .encoder, model.encoder), ("projector", .projector, model.projector),
      ("languageModel", .languageModel, model.languageModel),
    ]
    for (key, kind, text) in parts {
      guard let name = text.map({ PoolName(kind: kind, text: $0) }), !pool.has(name) else { continue }
      isKnown = false
      findings.append(unknown(name, at: [.key("model"), .key(key)], name.isMissingText, in: pool))
    }
    guard isKnown else { return }
    let lacksProjector = model.projector == nil && !pool.projectors.isEmpty
    findings.append(
      Finding(
        path: [.key("model")], severity: .warning, code: .unknownName,
        message: lacksProjector
          ? "every candidate of the pool has a projector, found none" : "the rules of the pool exclude this candidate",
        remedy: lacksProjector ? "add projector" : "choose another candidate, or loosen the rules"))
  }

  /// Asks for the first trial as a worker with any GPU would.
  private mutating func reviewBudget() {
    guard var search = session.search,
      let offer = try? search.next(TrialRequest(worker: nil, gpus: nil, memoryBytes: nil, elapsedSeconds: nil))
    else { return }
    switch offer {
    case .none(.finished, _) where search.hasNoCandidateThatFits, .none(.tooLittleMemory, _):
      findings.append(
        Finding(
          path: [.key("gpus")], severity: .warning, code: .invalidPool,
          message: "no candidate fits into the memory of these GPUs",
          remedy: "check memory_bytes of the GPUs and of the models"))
    case .none(.finished, _):
      findings.append(
        Finding(
          path: [.key("pool"), .key("search"), .key("budget")], code: .budgetBelowOneTrial,
          message: "the budget ends the search before its first trial",
          remedy: "raise it, or lower start_fraction"))
    default: break
    }
  }

  // MARK: The pipeline

  private mutating func reviewPipeline() {
    if let pipeline = manifest.pipeline {
      do throws(RequestError) {
        _ = try PipelineDefine.apply(pipeline.params, to: &session)
      } catch {
        return refuse(error, .invalidPipeline, in: "pipeline")
      }
    }
    guard let profile = manifest.profile, let files else { return }
    let summary: ProfileSummary
    do throws(RequestError) {
      let resolved = try ProfileSubmit.resolve(profile.params, files)
      summary = try ProfileSubmit.apply(resolved, to: &session).answer.profile.content
    } catch {
      let isUnread = error.kind == .unreadableFile || error.kind == .fileOutsideRoots
      return refuse(error, isUnread ? .unreadableFile : .invalidProfile, in: "profile")
    }
    for line in ProfileDiagnostic.lines(summary.diagnostics) {
      findings.append(
        Finding(
          path: [.key("profile")], severity: .warning, code: .implausibleProfile, message: words.expected(line),
          remedy: "measure these again, or look at them"))
    }
    guard manifest.pipeline != nil else { return }
    do throws(RequestError) {
      let definition = try session.pipeline(manifest.pipelineName).definition
      let measured = session.profiles[ExactString(manifest.pipelineName)] ?? Profile()
      reviewObjective(try FrontierInputs(definition, measured))
    } catch {
      refuse(
        error, error.kind == .incompleteProfile ? .incompleteProfile : .invalidProfile, in: "profile", isWhole: true)
    }
  }

  private mutating func reviewObjective(_ inputs: FrontierInputs) {
    let latencyFields = ["switchLatencySeconds", "knobSwitchLatencies", "pairSwitchLatencies"]
    if latencyFields.allSatisfy({ manifest.pipeline?.json[$0] == nil }), manifest.gpus == nil,
      inputs.settings.contains(where: { $0.count > 1 })
    {
      findings.append(
        Finding(
          path: [.key("pipeline")], severity: .warning, code: .switchLatencyUnset,
          message: "changing clocks between instructions counts as no time",
          remedy:
            "set switch_latency_seconds to what setting another clock takes on these GPUs; 0.0 where it may be left out",
          fix: .add("switchLatencySeconds", 0.0)))
    }
    guard case .deadlineSeconds(let deadline)? = manifest.objective?.params.target else { return }
    let fastest = inputs.problem.outcome(ofMeasurements: Self.fastest(inputs.problem)).iterationTimeSeconds
    guard deadline < fastest else { return }
    // Rounded up, so that the fastest plan is within it.
    let least = Self.roundedUp(fastest)
    findings.append(
      Finding(
        path: [.key("objective"), .key("deadlineSeconds")], code: .deadlineBelowFastest,
        message: "expected a deadline of at least \(least) s, the fastest iteration, found \(deadline) s",
        remedy: "write \(least)", fix: .set(.number(least))))
  }

  /// For each instruction its fastest measurement.
  private static func fastest(_ problem: IterationProblem) -> [Int] {
    let fastest = problem.tables.map { table in
      table.measurements.indices.min { table.measurements[$0].timeSeconds < table.measurements[$1].timeSeconds } ?? 0
    }
    return problem.tableOfInstruction.map { fastest[$0] }
  }

  /// To four significant digits.
  private static func roundedUp(_ value: Double) -> Double {
    var scale = 1.0
    while value * scale < 1000 { scale *= 10 }
    while value * scale >= 10_000 { scale /= 10 }
    return (value * scale).rounded(.up) / scale
  }

  private mutating func refuse(
    _ error: RequestError, _ code: ManifestProblem.Code, in section: String, isWhole: Bool = false
  ) {
    // A path may go on in words, as into a file: `csvPath, line 7`.
    let parts = error.path.split(separator: ",", maxSplits: 1).map(String.init)
    let inner = isWhole ? "" : parts.first ?? ""
    let place = parts.count > 1 ? "\(parts[1].drop { $0 == " " }): " : ""
    findings.append(
      Finding(
        path: [.key(section)] + ManifestName.components(inner), code: code,
        message: "\(place)expected \(words.expected(error.expected)), found \(words.found(error.found))",
        remedy: words.remedy(error)))
    // A pool without a task is refused as a whole.
    if error.kind == .invalidPool, error.path == "task", manifest.pool?.json["task"] == nil {
      findings[findings.count - 1].isMissing = true
      findings[findings.count - 1].message = words.expected(
        "expected an object with name, alignmentSampleCount and metric")
    }
  }
}

extension ModelSearch {
  /// Whether no registered GPU has the memory of any candidate.
  fileprivate var hasNoCandidateThatFits: Bool {
    pool.candidates.indices.allSatisfy { engine.closure(of: $0) == .fitsNoDevice }
  }
}
