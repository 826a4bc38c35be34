extension Switching {
  /// For each rank how often its setting changes in an iteration. O(instructions).
  ///
  /// - Parameter setting: the number of the setting that an instruction runs at.
  func switchCounts(setting: (_ instruction: Int) -> Int) -> [Int] {
    ranks.map { rank in
      var count = 0
      // The last precedes the first of the next iteration.
      var earlier = rank.instructions.last.map(setting)
      for instruction in rank.instructions {
        let own = setting(instruction)
        if own != earlier { count += 1 }
        earlier = own
      }
      return count
    }
  }

  /// The ranks that change more often than they may when instructions run with these measurements. O(instructions).
  ///
  /// - Parameter measurements: for each instruction an index into its table's.
  public func ranksOverLimit(_ measurements: [Int], tableOfInstruction: [Int]) -> [Int] {
    guard isRestricted else { return [] }
    let counts = switchCounts { settings[tableOfInstruction[$0]][measurements[$0]] }
    return ranks.indices.filter { rank in ranks[rank].mostSwitches.map { counts[rank] > $0 } ?? false }
  }

  /// Refuses a restriction that no plan can keep.
  ///
  /// - Throws: ``FrontierError/tooFewSwitches(rank:needed:most:)``.
  /// - Complexity: O(settings x options of the instructions), of restricted ranks; less where one setting does for all.
  func checkRestriction(tableOfInstruction: [Int]) throws(FrontierError) {
    for (index, rank) in ranks.enumerated() {
      guard let most = rank.mostSwitches else { continue }
      let needed = leastSwitches(rank, tableOfInstruction)
      guard needed <= most else { throw .tooFewSwitches(rank: index, needed: needed, most: most) }
    }
  }

  /// The least number of changes with which a rank can run, over all settings to begin with.
  private func leastSwitches(_ rank: Rank, _ tableOfInstruction: [Int]) -> Int {
    guard let first = rank.instructions.first else { return 0 }
    let tables = rank.instructions.map { tableOfInstruction[$0] }
    var shared = Set(settings[tables[0]])
    for table in Set(tables) { shared.formIntersection(settings[table]) }
    if !shared.isEmpty { return 0 }
    var best = Int.max
    for begin in Set(settings[tableOfInstruction[first]]) {
      // The least changes so far for each setting that the rank may stand at.
      var counts = [begin: 0]
      for table in tables.dropFirst() {
        let changing = (counts.values.min() ?? 0) + 1
        counts = Dictionary(
          settings[table].map { ($0, min(counts[$0] ?? changing, changing)) }, uniquingKeysWith: { first, _ in first })
      }
      for (setting, count) in counts { best = min(best, count + (setting == begin ? 0 : 1)) }
    }
    return best
  }
}
