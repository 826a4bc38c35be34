internal import Basics

/// The candidates of a search: every combination of the submitted parts that breaks no rule.
///
/// Grows only: a candidate keeps its number, and later ones follow.
package struct CandidatePool: Sendable {
  /// One combination; the numbers index the pool's lists of parts.
  package struct Candidate: Sendable, Equatable {
    package let encoder: Int
    /// Nil where the pool has no projectors.
    package let projector: Int?
    package let languageModel: Int
    /// What training it on all data costs, in the unit of `costBasis`.
    package let costWeight: Double
    /// What it takes of each of its GPUs; nil when no part says.
    package let memoryBytes: Int?
    /// What its parts add to every start of a trial; nil when no part says.
    package let startSeconds: Double?
  }

  /// Where relative costs come from.
  package enum CostBasis: String, Sendable, CaseIterable {
    case costWeight
    /// A step's work is proportional to the parameters it runs through.
    case parameterCount
    /// Nothing is known.
    case equal
  }

  /// With the weights and floors of now.
  package private(set) var task: SelectionTask
  /// As the first submission had it.
  private let submittedTask: SelectionTask
  package let costBasis: CostBasis
  package private(set) var encoders: [PoolComponent] = []
  package private(set) var projectors: [PoolComponent] = []
  package private(set) var languageModels: [PoolComponent] = []
  package private(set) var candidates: [Candidate] = []
  /// How many combinations each rule has left out so far, by the first rule that did.
  package private(set) var excludedCounts: [PoolConstraints.Rule: Int] = [:]
  private(set) var constraints = PoolConstraints()
  private var numbers: [CandidateName: Int] = [:]

  /// A pool of the first submission.
  ///
  /// - Throws: ``RequestError`` of kind `invalidPool`. O(combinations).
  package init(_ submission: PoolSubmission) throws(RequestError) {
    guard let task = submission.task else {
      throw RequestError(
        .invalidPool, path: "task", expected: "a task in the first submission of a pool", found: "none",
        fix: "say what the models are wanted for")
    }
    self.task = task
    submittedTask = task
    let parts = submission.encoders + submission.projectors + submission.languageModels
    let models = submission.encoders + submission.languageModels
    costBasis =
      parts.contains { $0.costWeight != nil }
      ? .costWeight : models.allSatisfy { $0.parameterCount != nil } ? .parameterCount : .equal
    try grow(by: submission)
  }

  /// Adds the parts of a submission and every new combination. O(combinations).
  ///
  /// - Throws: ``RequestError`` of kind `invalidPool`; the pool may then be half grown, so grow a copy.
  package mutating func grow(by submission: PoolSubmission) throws(RequestError) {
    guard submission.task == nil || submission.task == submittedTask else {
      throw RequestError(
        .invalidPool, path: "task", expected: "the task of the first submission, or none", found: "another one",
        fix: "open another session for another task")
    }
    if let constraints = submission.constraints { self.constraints = constraints }
    let known = (encoders.count, projectors.count, languageModels.count)
    for role in PoolComponent.Role.allCases {
      try add(submission.components(role), as: role)
    }
    // Candidates without a projector cannot gain one later: they would be other candidates.
    guard known.1 > 0 || projectors.isEmpty || candidates.isEmpty else {
      throw RequestError(
        .invalidPool, path: "projectors", expected: "no projectors, as in the first submission",
        found: "\(projectors.count)", fix: "name projectors in the first submission")
    }
    let count = encoders.count * max(projectors.count, 1) * languageModels.count
    guard count <= Limits.candidateCount else {
      throw RequestError(
        .invalidPool, path: "encoders", expected: "at most \(Limits.candidateCount) combinations", found: "\(count)",
        fix: "submit fewer models")
    }
    combine(besides: .parts(encoders: known.0, projectors: known.1, languageModels: known.2))
    guard !candidates.isEmpty else { throw allExcluded }
  }

  private var allExcluded: RequestError {
    let excluded = PoolConstraints.Rule.allCases.compactMap { rule in
      excludedCounts[rule].map { "\($0) by \(rule.rawValue)" }
    }
    return RequestError(
      .invalidPool, path: "constraints", expected: "rules that leave at least one candidate",
      found: excluded.isEmpty
        ? "no encoder or no language model" : "all excluded: " + excluded.joined(separator: ", "),
      fix: "submit both kinds of models, and loosen the rules")
  }

  /// Replaces the rules. Candidates keep their numbers; combinations that no rule excludes any more are added.
  ///
  /// - Returns: for each candidate whether it breaks a rule now.
  /// - Throws: ``RequestError`` of kind `invalidPool` when the rules leave no candidate; revise a copy.
  ///   O(combinations).
  package mutating func revise(_ constraints: PoolConstraints) throws(RequestError) -> [Bool] {
    self.constraints = constraints
    excludedCounts = [:]
    combine(besides: .candidates)
    let rules = CompiledConstraints(constraints)
    var broken: [Bool] = []
    for candidate in candidates.indices {
      let rule = rules.broken(by: parts(of: candidate).map(\.component), name(of: candidate))
      if let rule { excludedCounts[rule, default: 0] += 1 }
      broken.append(rule != nil)
    }
    guard broken.contains(false) else { throw allExcluded }
    return broken
  }

  /// Takes a task with other weights and floors.
  mutating func revise(_ task: SelectionTask) { self.task = task }

  /// The parts of a candidate by name.
  package func name(of candidate: Int) -> CandidateName {
    let parts = candidates[candidate]
    return CandidateName(
      encoder: encoders[parts.encoder].id, projector: parts.projector.map { projectors[$0].id },
      languageModel: languageModels[parts.languageModel].id)
  }

  /// The candidate of this name, if it is in the pool. O(1).
  package func number(of name: CandidateName) -> Int? { numbers[name] }

  /// The parts of a candidate, from the input to the output.
  package func parts(of candidate: Int) -> [(role: PoolComponent.Role, component: PoolComponent)] {
    let parts = candidates[candidate]
    return [(.encoder, encoders[parts.encoder])]
      + (parts.projector.map { [(.projector, projectors[$0])] } ?? [])
      + [(.languageModel, languageModels[parts.languageModel])]
  }

  private mutating func add(_ components: [PoolComponent], as role: PoolComponent.Role) throws(RequestError) {
    var list =
      switch role {
      case .encoder: encoders
      case .projector: projectors
      case .languageModel: languageModels
      }
    var place = Dictionary(uniqueKeysWithValues: zip(list.map(\.id), list.indices))
    for (index, component) in components.enumerated() {
      let path = "\(role.rawValue)s[\(index)]"
      if let known = place[component.id] {
        guard list[known] == component else {
          throw RequestError(
            .invalidPool, path: path, expected: "\(Preview.quoted(component.id)) as it was described before",
            found: "another description", fix: "leave it out, or give the new model another id")
        }
        continue
      }
      try checkCost(of: component, role, path)
      place[component.id] = list.count
      list.append(component)
    }
    switch role {
    case .encoder: encoders = list
    case .projector: projectors = list
    case .languageModel: languageModels = list
    }
  }

  /// Costs are only comparable when all of them come from the same kind of figure.
  private func checkCost(of component: PoolComponent, _ role: PoolComponent.Role, _ path: String) throws(RequestError) {
    let missing =
      switch costBasis {
      case .costWeight: component.costWeight == nil && role != .projector
      case .parameterCount: component.parameterCount == nil && role != .projector
      case .equal: false
      }
    guard missing else { return }
    throw RequestError(
      .invalidPool, path: "\(path).\(costBasis.rawValue)",
      expected: "a \(costBasis.rawValue) for every encoder and language model, because others have one",
      found: "nothing", fix: "state it, so that costs can be compared")
  }

  /// The combinations that need not be looked at.
  private enum Known {
    /// Combinations of the first parts of each kind, which the rules have admitted or excluded before.
    case parts(encoders: Int, projectors: Int, languageModels: Int)
    /// Those that are candidates already.
    case candidates
  }

  /// Adds the combinations that break no rule.
  private mutating func combine(besides known: Known) {
    let rules = CompiledConstraints(constraints)
    let projectorChoices: [Int?] = projectors.isEmpty ? [nil] : projectors.indices.map { $0 }
    for encoder in encoders.indices {
      for projector in projectorChoices {
        for languageModel in languageModels.indices {
          if case .parts(let first, let second, let third) = known, encoder < first, (projector ?? -1) < second,
            languageModel < third
          {
            continue
          }
          let models = [encoders[encoder], languageModels[languageModel]]
          let parts = models + (projector.map { [projectors[$0]] } ?? [])
          let name = CandidateName(
            encoder: models[0].id, projector: projector.map { projectors[$0].id }, languageModel: models[1].id)
          if numbers[name] != nil { continue }
          if let rule = rules.broken(by: parts, name) {
            excludedCounts[rule, default: 0] += 1
            continue
          }
          let (memory, starts) = (parts.compactMap(\.memoryBytes), parts.compactMap(\.startSeconds))
          let cost: Double =
            switch costBasis {
            case .costWeight: parts.reduce(0) { $0 + ($1.costWeight ?? 0) }
            case .parameterCount: parts.reduce(0) { $0 + Double($1.parameterCount ?? 0) }
            case .equal: 1
            }
          candidates.append(
            Candidate(
              encoder: encoder, projector: projector, languageModel: languageModel, costWeight: cost,
              memoryBytes: memory.isEmpty ? nil : memory.reduce(0, +),
              startSeconds: starts.isEmpty ? nil : starts.reduce(0, +)))
          numbers[name] = candidates.count - 1
        }
      }
    }
  }
}

/// Constraints with their lists as sets.
private struct CompiledConstraints {
  let constraints: PoolConstraints
  let allowedLicences: Set<String>?
  let deniedLicences: Set<String>
  let deniedTags: Set<String>
  let allowedPairs: Set<ComponentPair>?
  let deniedPairs: Set<ComponentPair>

  init(_ constraints: PoolConstraints) {
    self.constraints = constraints
    allowedLicences = constraints.allowedLicences.map(Set.init)
    deniedLicences = Set(constraints.deniedLicences)
    deniedTags = Set(constraints.deniedTags)
    allowedPairs = constraints.allowedPairs.map(Set.init)
    deniedPairs = Set(constraints.deniedPairs)
  }

  /// The first rule that the combination breaks.
  func broken(by parts: [PoolComponent], _ name: CandidateName) -> PoolConstraints.Rule? {
    let pair = ComponentPair(encoder: name.encoder, languageModel: name.languageModel)
    if deniedPairs.contains(pair) || allowedPairs.map({ !$0.contains(pair) }) ?? false { return .pair }
    for part in parts {
      if let allowedLicences, !(part.licence.map(allowedLicences.contains) ?? false) { return .licence }
      if part.licence.map(deniedLicences.contains) ?? false { return .licence }
      if part.tags.contains(where: deniedTags.contains) { return .tag }
    }
    if let most = constraints.maximumMemoryBytes, parts.reduce(0, { $0 + ($1.memoryBytes ?? 0) }) > most {
      return .memory
    }
    if let most = constraints.maximumParameterCount, parts.reduce(0, { $0 + ($1.parameterCount ?? 0) }) > most {
      return .parameters
    }
    if let most = constraints.maximumLatencySeconds, parts.reduce(0, { $0 + ($1.latencySeconds ?? 0) }) > most {
      return .latency
    }
    return nil
  }
}
