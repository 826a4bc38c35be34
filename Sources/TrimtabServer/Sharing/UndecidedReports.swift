internal import JSON

/// Reports that were sent as notifications and are not decided yet, in order.
struct UndecidedReports {
  private var reports: [(number: Int, params: JSON)] = []
  /// Those before this one are decided.
  private var first = 0

  var count: Int { reports.count - first }

  mutating func append(_ params: JSON, number: Int) { reports.append((number, params)) }

  /// Forgets the first report that `trial/decided` is about.
  /// Constant time where decisions come in the order of the reports, else O(reports).
  mutating func decide(_ decided: JSON) {
    let index = reports[first...].firstIndex { report in
      ["session", "trial", "step"].allSatisfy { report.params[$0] == decided[$0] }
    }
    guard let index else { return }
    if index == first { first += 1 } else { reports.remove(at: index) }
    if first > 1000, 2 * first > reports.count {
      reports.removeFirst(first)
      first = 0
    }
  }

  /// Those that are not decided, with their numbers; none is left.
  mutating func takeAll() -> [Int: JSON] {
    defer { (reports, first) = ([], 0) }
    return Dictionary(uniqueKeysWithValues: reports[first...].map { ($0.number, $0.params) })
  }
}
