import Basics
import Testing

@Suite struct SortedSearchTests {
  @Test(arguments: 0..<40) func partitioningIndexCountsTheFirstPart(count: Int) {
    for first in 0...count {
      #expect((0..<count).partitioningIndex { $0 >= first } == first)
      #expect(Array(0..<count)[...].partitioningIndex { $0 >= first } == first)
    }
  }

  /// An oracle by sorting with positions, over many ties and both ways that `smallest` works.
  @Test(arguments: 0..<20 as Range<UInt64>) func smallestEqualsAStableSort(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let values = (0..<3000).map { (key: random.index(below: 50), position: $0) }
    let sorted = values.sorted { ($0.key, $0.position) < ($1.key, $1.position) }
    for count in [0, 1, 7, 1024, 1025, 2999, 3000, 4000] {
      let smallest = values.smallest(count) { $0.key < $1.key }
      #expect(smallest.map(\.position) == sorted.prefix(count).map(\.position), "seed \(seed), count \(count)")
    }
  }
}
