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
  /// - Returns: for each place its option.
  func rounded(eventTimes: [Int64], events: EventNetwork) -> [Int32] {
    let origin = eventTimes[EventNetwork.source]
    var options = [Int32](repeating: 0, count: count)
    var finish = [Int64](repeating: 0, count: count)
    for place in 0..<count {
      var start: Int64 = 0
      for before in predecessors(of: place) { start = max(start, finish[Int(before)]) }
      let available = eventTimes[events.heads[instructions[place]]] - origin - start
      options[place] = slowestOption(of: place, within: available) ?? optionStart[place]
      finish[place] = start + ticks[Int(options[place])]
    }
    return options
  }
}
