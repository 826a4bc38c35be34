/// Plans that follow the bound's own schedule: each instruction takes its slowest option that ends when that schedule
/// says, or begins when it says.
///
/// **Why.** The bound's schedule keeps every dependency, so an instruction that ends no later than there never delays
/// another one beyond it: the plan meets the deadline. What an option leaves of an instruction's time goes to the next
/// one, so little is lost however long the iteration is, whereas a beam, which sees a few instructions of each rank at
/// a time, loses more the more ranks there are.
///
/// **Complexity.** O(positions log options + dependencies).
enum ScheduleRounding {
  /// From the first instruction to the last, each beginning as soon as it can.
  static func forwards(_ space: PlanSpace, _ prices: BoundPrices) -> [Int32] {
    var ends = [Int64](repeating: 0, count: space.count)
    var options = [Int32](repeating: 0, count: space.count)
    for position in 0..<space.count {
      var start: Int64 = 0
      for dependency in space.dependencies(before: position) {
        start = max(start, ends[Int(space.predecessors[dependency])] + space.predecessorLags[dependency])
      }
      options[position] =
        space.slowestOption(of: position, within: prices.ends[position] - start) ?? space.optionStart[position]
      ends[position] = start + space.ticks[Int(options[position])]
    }
    return options
  }

  /// From the last instruction to the first, each ending as late as it may.
  static func backwards(_ space: PlanSpace, _ prices: BoundPrices, deadline: Int64) -> [Int32] {
    var starts = [Int64](repeating: 0, count: space.count)
    var options = [Int32](repeating: 0, count: space.count)
    for position in (0..<space.count).reversed() {
      var end = deadline
      for dependency in space.dependencies(after: position) {
        end = min(end, starts[Int(space.successors[dependency])] - space.successorLags[dependency])
      }
      options[position] =
        space.slowestOption(of: position, within: end - prices.starts[position]) ?? space.optionStart[position]
      starts[position] = end - space.ticks[Int(options[position])]
    }
    return options
  }
}
