extension PlanSpace {
  /// Rounds an optimal mix of options to one option each, in O(instructions + dependencies).
  ///
  /// Instructions are taken in topological order; each gets its slowest efficient option that still ends by the time its end
  /// event has in the mix. What one instruction leaves unused its successors may use, so the loss along a path stays below
  /// one step of an option table instead of adding up.
  ///
  /// - Parameters:
  ///   - eventTimes: optimal event times of the mix, in ticks.
  ///   - events: the network those times belong to.
  func rounded(eventTimes: [Int64], events: EventNetwork) -> DraftPlan {
    let origin = eventTimes[EventNetwork.source]
    var choices = [UInt16](repeating: 0, count: count)
    var finish = [Int64](repeating: 0, count: count)
    var ticks: Int64 = 0
    var energy = 0.0
    for position in order {
      let instruction = Int(position)
      var start: Int64 = 0
      for place in Int(predecessorStart[instruction])..<Int(predecessorStart[instruction + 1]) {
        start = max(start, finish[Int(predecessors[place])])
      }
      let table = scaled.tables[Int(table[instruction])]
      let available = eventTimes[events.heads[instruction]] - origin - start
      let choice = max(0, table.ticks.partitionIndex { $0 > available } - 1)
      choices[instruction] = UInt16(choice)
      finish[instruction] = start + table.ticks[choice]
      ticks = max(ticks, finish[instruction])
      energy += table.energies[choice]
    }
    return DraftPlan(choices: choices, ticks: ticks, effectiveJoules: energy)
  }
}
