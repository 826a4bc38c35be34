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
    guard !hasFreeSwitches else { return }
    for order in rankOrders {
      for (before, after) in zip(order, order.dropFirst()) where !graph.predecessors(of: after).contains(before) {
        let names = [before, after].map { Preview.quoted(instructions[$0].id ?? "\($0)") }
        throw RequestError(
          .invalidPipeline, path: "dependencies",
          expected: "a dependency from each instruction of a rank to its next one, where switching costs something",
          found: "none from \(names[0]) to \(names[1])",
          fix: "add [\(names[0]), \(names[1])], or leave out switchLatencySeconds and switchEnergyJoules")
      }
    }
  }

  /// Whether no rank's changes of setting cost anything.
  package var hasFreeSwitches: Bool { rankSwitchCosts.allSatisfy { $0 == .free } }

  /// What changes of setting cost when tables have these settings; nil where the order on a rank is not fixed.
  ///
  /// - Throws: ``RequestError`` of kind `invalidPipeline` for a cost that is no cost.
  func switching(_ tables: [[JSON]]) throws(RequestError) -> Switching? {
    var numbers: [JSON: Int] = [:]
    let numbered = tables.map { table in
      table.map { setting in
        let next = numbers.count
        let canonical = setting.canonicalSetting
        if let known = numbers[canonical] { return known }
        numbers[canonical] = next
        return next
      }
    }
    let ranks = zip(rankOrders, rankSwitchCosts).map { Switching.Rank(instructions: $0, cost: $1) }
    do throws(FrontierError) {
      return try Switching(ranks: ranks, settings: numbered, graph: graph)
    } catch {
      // Then changes cost nothing: ``checkRankOrders()`` has seen to it.
      if case .unorderedRank = error, hasFreeSwitches { return nil }
      throw RequestError(
        .invalidPipeline, path: "switchLatencySeconds",
        expected: "costs in 0...\(Measurement.acceptedRange.upperBound), in seconds and joules", found: "\(error)",
        fix: "correct switchLatencySeconds or switchEnergyJoules")
    }
  }
}
