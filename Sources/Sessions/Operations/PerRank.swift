/// One value for all ranks of a pipeline, or one for each.
package enum PerRank<Value: Sendable>: Sendable {
  case all(Value)
  case each([Value])

  /// One value for each rank.
  ///
  /// - Parameter path: the field that holds the values, for errors.
  /// - Throws: ``RequestError`` of kind `invalidPipeline` where their number is not that of the ranks.
  func expanded(ranks: Int, path: String) throws(RequestError) -> [Value] {
    switch self {
    case .all(let value): return Array(repeating: value, count: ranks)
    case .each(let values):
      // One value in a list has always meant all ranks.
      if values.count == 1 { return Array(repeating: values[0], count: ranks) }
      if values.count == ranks { return values }
      throw RequestError(
        .invalidPipeline, path: path, expected: "one number, or a list of \(ranks), one for each rank",
        found: "a list of \(values.count)", fix: "send one for each rank of the schedule")
    }
  }
}
