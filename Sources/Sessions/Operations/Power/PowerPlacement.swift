internal import Basics
internal import EnergyFrontier

/// The groups of a request, by name.
struct NamedGroups {
  let groups: PowerGroups
  /// For each group of the request its number.
  let numbers: [Int]
  private let numberOfName: [ExactString: Int]

  /// - Throws: ``RequestError`` of kind `invalidPlacement`.
  init(_ described: [PowerRequest.Group]) throws(RequestError) {
    var indexOfName: [ExactString: Int] = [:]
    for (index, group) in described.enumerated() {
      guard indexOfName.updateValue(index, forKey: group.name) == nil else {
        throw RequestError(
          .invalidPlacement, path: "groups[\(index)].group", expected: "a name that no other group has",
          found: Preview.quoted(group.name), fix: "name each group once")
      }
    }
    var within: [Int?] = []
    for (index, group) in described.enumerated() {
      guard let name = group.within else {
        within.append(nil)
        continue
      }
      guard let outer = indexOfName[name] else {
        throw Self.unknown(name, path: "groups[\(index)].within", described.map(\.name))
      }
      within.append(outer)
    }
    guard let (groups, numbers) = PowerGroups.numbered(capsWatts: described.map(\.capWatts), within: within) else {
      throw RequestError(
        .invalidPlacement, path: "groups",
        expected: "groups that are not within themselves, at most \(PowerGroups.greatestDepth) deep",
        found: "others", fix: "check `within`")
    }
    (self.groups, self.numbers) = (groups, numbers)
    numberOfName = indexOfName.mapValues { numbers[$0] }
  }

  func number(_ name: ExactString, path: String) throws(RequestError) -> Int {
    if let number = numberOfName[name] { return number }
    throw Self.unknown(name, path: path, Array(numberOfName.keys).sorted())
  }

  private static func unknown(_ name: ExactString, path: String, _ names: [ExactString]) -> RequestError {
    RequestError(
      .invalidPlacement, path: path,
      expected: names.isEmpty ? "no group, as `groups` has none" : "one of " + Preview.list(names),
      found: Preview.quoted(name), fix: "list the group in groups")
  }
}

/// Where a job is: the smallest group that contains all of it, and its parts in smaller ones.
struct PowerPlacement {
  let group: Int
  let parts: [PowerProblem.Part]

  /// - Parameter path: the job's place in the request.
  /// - Throws: ``RequestError`` of kind `invalidPlacement` or `unknownRank`.
  init(
    _ described: PowerRequest.JobEntry, _ job: JobPower, _ ladder: PaceLadder, in named: NamedGroups, path: String
  ) throws(RequestError) {
    if let name = described.group {
      (group, parts) = (try named.number(name, path: "\(path).group"), [])
      return
    }
    var groups: [Int] = []
    var parts: [PowerProblem.Part] = []
    /// For each kind how many of its ranks are placed, all pipelines together.
    var placed = job.kinds.map { _ in 0 }
    for (index, placement) in described.placements.enumerated() {
      let path = "\(path).placements[\(index)]"
      let kind = try job.kindIndex(placement.pipeline, path: "\(path).pipeline")
      let (definition, pipelineCount) = (job.kinds[kind].frontier.inputs.definition, job.kinds[kind].pipelineCount)
      let ranks = try placement.ranks.map { (ranks) throws(RequestError) in
        try definition.checked(ranks, path: "\(path).ranks")
      }
      placed[kind] += placement.pipelineCount * (ranks?.count ?? definition.rankCount)
      guard placed[kind] <= pipelineCount * definition.rankCount else {
        throw RequestError(
          .invalidPlacement, path: "\(path).pipelineCount",
          expected: "at most \(pipelineCount) pipelines in all placements", found: "more",
          fix: "count every data-parallel replica once")
      }
      groups.append(try named.number(placement.group, path: "\(path).group"))
      parts.append(
        job.part(
          ofKind: kind, share: Double(placement.pipelineCount) / Double(pipelineCount), ranks, ladder,
          group: groups[index]))
    }
    let isComplete = zip(job.kinds, placed).allSatisfy {
      $1 == $0.pipelineCount * $0.frontier.inputs.definition.rankCount
    }
    let home = isComplete ? named.groups.smallest(containing: groups) : 0
    group = home
    // A part in the group around all of the job is counted with the whole.
    self.parts = zip(groups, parts).filter { $0.0 != home }.map(\.1)
  }
}

extension JobPower {
  fileprivate func kindIndex(_ pipeline: String?, path: String) throws(RequestError) -> Int {
    if let pipeline, let index = kinds.firstIndex(where: { ExactString($0.pipeline) == ExactString(pipeline) }) {
      return index
    }
    if pipeline == nil, kinds.count == 1 { return 0 }
    throw RequestError(
      .invalidPlacement, path: path, expected: "one of " + Preview.list(kinds.map(\.pipeline)),
      found: pipeline.map(Preview.quoted) ?? "nothing", fix: "name the pipeline that has their definition")
  }

  /// A share of a kind's pipelines, or of some ranks of these.
  fileprivate func part(
    ofKind index: Int, share: Double, _ ranks: [Int]?, _ ladder: PaceLadder, group: Int
  ) -> PowerProblem.Part {
    let kind = kinds[index]
    guard let ranks else {
      let bound = PowerCurve(lockstep: [(kind.bound, share)]).clipped(
        from: 1 / ladder.slowest.iterationTimeSeconds, to: .infinity)
      return .init(group: group, bound: bound, share: kinds.count == 1 ? share : nil) {
        ladder.draw(ofKind: index, step: $0).times(share)
      }
    }
    let scale = share * Double(kind.memberCount)
    let draws = kind.frontier.draws(ofRanks: Set(ranks), ladder.measure).map { $0.times(scale) }
    return .init(group: group, bound: nil) { draws[ladder.plan(ofKind: index, step: $0)] }
  }
}

extension CharacterizedFrontier {
  /// For each plan what the devices of some ranks draw. O(plans * instructions log instructions).
  fileprivate func draws(ofRanks ranks: Set<Int>, _ measure: PowerMeasure) -> [PowerDraw] {
    let definition = inputs.definition
    let ofRank = definition.rankDeviceCounts.map(Double.init)
    let waiting = ranks.reduce(0) { $0 + ofRank[$1] * definition.rankBlockingPowerWatts[$1] }
    let devices = Double(inputs.problem.deviceMultiplicity)
    switch measure {
    case .average:
      let powers = DevicePowers(inputs)
      return frontier.plans.map { plan in
        let joules = powers.rankJoules(of: plan)
        return PowerDraw(watts: waiting, joules: ranks.reduce(0) { $0 + ofRank[$1] * joules[$1] }).times(devices)
      }
    case .peak:
      let part = PowerProfile.Part(waitingPowerWatts: waiting) {
        ranks.contains(definition.rankOfStage[definition.instructions[$0].table.stage])
      }
      return frontier.plans.map { plan in
        let profile = PowerProfile(inputs.problem, measurements: inputs.measurements(of: plan), part: part)
        return PowerDraw(watts: profile.peakPowerWatts, joules: 0)
      }
    }
  }
}

extension PipelineDefinition {
  fileprivate func checked(_ ranks: [Int], path: String) throws(RequestError) -> [Int] {
    for (index, rank) in ranks.enumerated() {
      guard rank < rankCount else {
        throw RequestError(
          .unknownRank, path: "\(path)[\(index)]", expected: "a rank in 0...\(rankCount - 1)", found: "\(rank)",
          fix: "count from 0; see pipeline/define")
      }
    }
    guard Set(ranks).count == ranks.count else {
      throw RequestError(
        .invalidPlacement, path: path, expected: "each rank once", found: "a rank twice", fix: "name each rank once")
    }
    return ranks
  }
}
