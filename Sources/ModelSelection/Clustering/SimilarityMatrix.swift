/// How alike each two of some models are: 1 is alike, lower is less; the unit is that of the measure, such as CKA.
public struct SimilarityMatrix: Sendable, Hashable {
  public let count: Int
  /// Row by row, `count * count` figures. What stands above the diagonal counts.
  public let values: [Double]

  /// - Parameter values: finite figures, row by row; a wrong number of them is a programming error.
  public init(count: Int, values: [Double]) {
    precondition(count >= 0 && values.count == count * count, "a similarity matrix is square")
    self.count = count
    self.values = values
  }

  public subscript(first: Int, second: Int) -> Double { values[min(first, second) * count + max(first, second)] }

  /// 1 less the similarity, and never negative.
  public func distance(_ first: Int, _ second: Int) -> Double { max(0, 1 - self[first, second]) }

  /// The member with the greatest sum of similarities to the others; the first of several. O(members squared).
  public func medoid(of members: [Int]) -> Int {
    precondition(!members.isEmpty, "a cluster has members")
    var best = members[0]
    var bestSum = -Double.infinity
    for member in members {
      var sum = 0.0
      for other in members where other != member { sum += self[member, other] }
      if sum > bestSum { (best, bestSum) = (member, sum) }
    }
    return best
  }
}
