internal import Basics
internal import EnergyFrontier
internal import JSON

extension PipelineDefinition {
  /// The instructions of each rank in their order, where dependencies fix it.
  package var rankOrders: [[Int]] {
    var orders = [[Int]](repeating: [], count: rankBlockingPowerWatts.count)
    for instruction in graph.topologicalOrder {
      orders[rankOfStage[instructions[instruction].table.stage]].append(instruction)
    }
    return orders
  }

  /// Refuses costs of switching for ranks whose instructions could run in another order: which changes happen is then
  /// unknown.
  package func checkRankOrders() throws(RequestError) {
    guard !hasFreeSwitches || isRestricted else { return }
    for order in rankOrders {
      for (before, after) in zip(order, order.dropFirst()) where !graph.predecessors(of: after).contains(before) {
        let names = [before, after].map { Preview.quoted(instructions[$0].id ?? "\($0)") }
        throw RequestError(
          .invalidPipeline, path: "dependencies",
          expected: "a dependency from each instruction of a rank to its next one, where switching "
            + (hasFreeSwitches ? "is restricted" : "costs something"),
          found: "none from \(names[0]) to \(names[1])",
          fix: "add [\(names[0]), \(names[1])], or leave out \(switchingFields)")
      }
    }
  }

  /// The fields by which changes of setting cost something, in words.
  private var switchingFields: String {
    let fields =
      (isRestricted ? ["mostSwitches"] : []) + (settingLatencies.knobSeconds.isEmpty ? [] : ["knobSwitchLatencies"])
      + (settingLatencies.pairs.isEmpty ? [] : ["pairSwitchLatencies"]) + ["switchLatencySeconds"]
    return fields.joined(separator: ", ") + " and switchEnergyJoules"
  }

  /// Whether a rank may change its setting only so often.
  package var isRestricted: Bool { rankMostSwitches.contains { $0 != nil } }

  /// Whether no rank's changes of setting cost anything.
  package var hasFreeSwitches: Bool { rankSwitchCosts.allSatisfy { $0 == .free } && settingLatencies.isFree }

  /// The instructions of each rank in their order, those that take no time apart: they run at no setting, so changes
  /// are between the others.
  ///
  /// - Parameter isInstant: for each instruction whether it takes no time.
  private func timedRankOrders(_ isInstant: [Bool]) -> (timed: [[Int]], instant: [[Int]]) {
    let orders = rankOrders
    return (orders.map { $0.filter { !isInstant[$0] } }, orders.map { $0.filter { isInstant[$0] } })
  }

  /// The dependencies, and from each instruction of a rank one to the next that takes time, or takes none, as it does
  /// itself.
  ///
  /// - Throws: nothing that is not a fault of this program, as the graph has no cycle.
  func graph(passing isInstant: [Bool]) throws(FrontierError) -> InstructionGraph {
    guard isInstant.contains(true) else { return graph }
    var dependencies: [InstructionGraph.Dependency] = []
    for after in instructions.indices {
      for (before, lag) in zip(graph.predecessors(of: after), graph.lagsSeconds(before: after)) {
        dependencies.append(.init(before: before, after: after, lagSeconds: lag))
      }
    }
    let orders = timedRankOrders(isInstant)
    for order in orders.timed + orders.instant {
      dependencies += zip(order, order.dropFirst()).map { .init(before: $0, after: $1) }
    }
    return try InstructionGraph(count: instructions.count, lagged: dependencies)
  }

  /// What changes of setting cost when tables have these settings; nil where the order on a rank is not fixed.
  ///
  /// - Parameters:
  ///   - graph: as ``graph(passing:)`` has it.
  /// - Throws: ``RequestError`` of kind `invalidPipeline` for a cost that is no cost.
  func switching(
    _ tables: [[JSON]], isInstant: [Bool], graph: InstructionGraph
  ) throws(RequestError) -> Switching? {
    var numbers: [JSON: Int] = [:]
    var distinct: [JSON] = []
    let numbered = tables.map { table in
      table.map { setting in
        let next = numbers.count
        let canonical = setting.canonicalSetting
        if let known = numbers[canonical] { return known }
        numbers[canonical] = next
        distinct.append(canonical)
        return next
      }
    }
    // A change's energy counts for all devices of the rank, its latency once.
    let costs = zip(rankSwitchCosts, rankDeviceCounts).map {
      SwitchCost(latencySeconds: $0.latencySeconds, energyJoules: $0.energyJoules * Double($1))
    }
    let orders = timedRankOrders(isInstant)
    let ranks =
      orders.timed.indices.map {
        Switching.Rank(instructions: orders.timed[$0], cost: costs[$0], mostSwitches: rankMostSwitches[$0])
      }
      // To the solver what takes no time is on ranks of its own, which never change.
      + orders.instant.filter { !$0.isEmpty }.map { Switching.Rank(instructions: $0, cost: .free) }
    do throws(FrontierError) {
      return try Switching(
        ranks: ranks, settings: numbered, latencies: settingLatencies.ofSettings(distinct), graph: graph)
    } catch {
      // Then changes cost nothing: ``checkRankOrders()`` has seen to it.
      if case .unorderedRank = error, hasFreeSwitches, !isRestricted { return nil }
      throw RequestError(
        .invalidPipeline, path: "switchLatencySeconds",
        expected: "costs in 0...\(Measurement.acceptedRange.upperBound), in seconds and joules", found: "\(error)",
        fix: "correct \(switchingFields)")
    }
  }
}
