extension RandomAccessCollection {
  /// The index of the first element for which `isInSecondPart` is true, or `endIndex`.
  ///
  /// The elements for which it is false must all precede those for which it is true. O(log count).
  @inlinable
  public func partitioningIndex<Failure: Error>(
    where isInSecondPart: (Element) throws(Failure) -> Bool
  ) throws(Failure) -> Index {
    var (low, count) = (startIndex, self.count)
    while count > 0 {
      let half = count / 2
      let middle = index(low, offsetBy: half)
      if try isInSecondPart(self[middle]) {
        count = half
      } else {
        low = index(after: middle)
        count -= half + 1
      }
    }
    return low
  }
}
