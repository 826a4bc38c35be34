internal import Basics
internal import EnergyFrontier
package import JSON
package import Sessions

// How many items a request handles beyond what its params hold, where they may be many; see ``SessionMethod``.

/// More than any request may handle on the loop: what reads a file, whose size is not known yet.
private let unknownCount = Limits.itemsOnLoop + 1

extension SessionExport {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    session.pipelines.reduce(session.gpus.count + session.jobs.count) { $0 + $1.definition.instructions.count }
      + session.profiles.values.reduce(0) { $0 + $1.rowCount }
      + (session.search.map { $0.log.entries.count + $0.representationElementCount } ?? 0)
  }
}

extension GPUList {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int { session.gpus.count }
}

extension PipelineDefine {
  /// The instructions of a generated schedule.
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    let (stages, microbatches) = (params.integer("stages"), params.integer("microbatches"))
    return 2 * min(stages, Limits.instructionCount) * min(microbatches, Limits.instructionCount)
  }
}

extension PipelineGet {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    session.pipeline(of: params).map { $0.definition.instructions.count + $0.definition.graph.dependencyCount } ?? 0
  }
}

extension PipelineReplicate {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int { session.memberCount(params) }
}

extension ProfileSubmit {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    if params.value(of: "csvPath") != nil { return unknownCount }
    let known = params.value(of: "pipeline")?.stringValue.flatMap { session.profiles[$0] }
    return (known?.rowCount ?? 0) + (session.pipeline(of: params)?.definition.tables.count ?? 0)
  }
}

extension PlanGet {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    session.instructionCount(params)
  }
}

extension PlanTimeline {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    session.instructionCount(params)
  }
}

extension PlanVariants {
  /// Each kind's plans are joined with thousands of sums.
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    guard case .array(let variants) = params.value(of: "variants") else { return 0 }
    return 10_000 * min(variants.count, 64)
  }
}

extension PlanEvaluate {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    session.instructionCount(params)
  }
}

extension IterationReport {
  /// The instructions of each plan that was measured; some hundred trial corrections are run on them.
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    guard let pipeline = session.pipeline(of: params) else { return 0 }
    return 100 * pipeline.definition.instructions.count * (pipeline.observed.plans.count + 1)
  }
}

extension FrontierCurve {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    session.pipeline(of: params)?.frontier.map { $0.frontier.curve.breakpoints.count } ?? 0
  }
}

extension JobGet {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    params.value(of: "job")?.stringValue.map { session.memberCount(ofJob: $0.text) } ?? 0
  }
}

extension StragglerReport {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int { session.memberCount(params) }
}

extension PowerAllocate {
  /// What each job does under each budget; single ranks need the plans laid out in time.
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    let budgets = if case .array(let list) = params.value(of: "budgets") { list.count } else { 1 }
    guard case .array(let jobs) = params.value(of: "jobs") else { return 0 }
    let hasPlacements = jobs.contains { $0["placements"] != nil }
    // A job costs some hundred microseconds where its plans and its bound have hundreds of corners.
    return 10 * min(jobs.count * budgets, Limits.powerChoiceCount) + (hasPlacements ? unknownCount : 0)
  }
}

extension PowerShed {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    params.value(of: "job")?.stringValue.map { session.memberCount(ofJob: $0.text) } ?? 0
  }
}

extension PoolSubmit {
  /// The most combinations that there may be afterwards: of the parts that are there and those that are submitted.
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    let pool = session.search?.pool
    let counts: [(name: StaticString, known: Int?)] = [
      ("encoders", pool?.encoders.count), ("projectors", pool?.projectors.count),
      ("languageModels", pool?.languageModels.count),
    ]
    return counts.reduce(1) { product, part in
      let submitted = if case .array(let list) = params.value(of: part.name) { list.count } else { 0 }
      return min(product * max(submitted + (part.known ?? 0), 1), Limits.candidateCount)
    }
  }
}

extension PoolAttachRepresentation {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    params.value(of: "npyPath") == nil ? 0 : unknownCount
  }
}

extension EvidenceSubmit {
  /// The pool's candidates for each source.
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    let submitted = if case .array(let list) = params.value(of: "sources") { list.count } else { 0 }
    return session.candidateCount * (submitted + (session.search?.evidenceSourceCount ?? 0))
  }
}

extension SearchRevise {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    params.value(of: "constraints") == nil ? 0 : session.candidateCount
  }
}

extension TrialList {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int {
    session.search?.trialCount ?? 0
  }
}

extension SuggestionGet {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int { session.candidateCount }
}

extension SuggestionRanking {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int { session.candidateCount }
}

extension SuggestionPareto {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int { session.candidateCount }
}

extension SuggestionPipeline {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int { session.candidateCount }
}

extension JSONObject {
  /// A whole number; 0 where there is none, or a negative one.
  fileprivate func integer(_ name: StaticString) -> Int { Swift.max(value(of: name)?.integerValue ?? 0, 0) }
}

extension SessionState {
  /// The pipeline that params name, where it is defined.
  fileprivate func pipeline(of params: JSONObject) -> Pipeline? {
    guard let name = params.value(of: "pipeline")?.stringValue?.text else { return nil }
    return try? pipelines[sourceIndex(name)]
  }

  /// Instructions of the pipeline that params name.
  fileprivate func instructionCount(_ params: JSONObject) -> Int {
    pipeline(of: params)?.definition.instructions.count ?? 0
  }

  /// Members of the job that the pipeline in the params belongs to.
  fileprivate func memberCount(_ params: JSONObject) -> Int {
    guard let name = params.value(of: "pipeline")?.stringValue?.text, let (job, _) = membership(name) else { return 0 }
    return jobs[job].members.count
  }

  fileprivate var candidateCount: Int { search?.pool.candidates.count ?? 0 }
}
