import Basics
import Synchronization
import Testing

struct ParallelMapTests {
  private struct Failure: Error, Equatable { let index: Int }

  /// Runs the indices from the last to the first, with workers by turns.
  private let backwards = ParallelMap(workerCount: 3) { count, body in
    for index in (0..<count).reversed() { body(index, index % 3) }
  }

  @Test func valuesComeInTheOrderOfTheIndices() {
    for parallel in [ParallelMap.serial, backwards] {
      let scratch = WorkerScratch(workerCount: parallel.workerCount) { 10 }
      #expect(parallel.map(7, scratch) { index, ten in index * ten } == [0, 10, 20, 30, 40, 50, 60])
      #expect(parallel.map(0, scratch) { index, _ in index }.isEmpty)
    }
  }

  @Test func theFirstErrorEndsTheMap() {
    for (parallel, first, runs) in [(ParallelMap.serial, 2, 3), (backwards, 5, 2)] {
      let scratch = WorkerScratch(workerCount: parallel.workerCount) { 0 }
      let begun = Atomic<Int>(0)
      #expect(throws: Failure(index: first)) {
        try parallel.map(7, scratch) { (index, _) throws(Failure) in
          begun.add(1, ordering: .relaxed)
          if index == 2 || index == 5 { throw Failure(index: index) }
        }
      }
      #expect(begun.load(ordering: .relaxed) == runs)
    }
  }
}
