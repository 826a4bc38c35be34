import Basics
import Testing

@testable import EnergyFrontier

@Suite struct InstructionGraphTests {
  @Test func namesTheCycle() throws {
    // 0 -> 1 -> 3 -> 2 -> 1, with 4 before and 5 behind it.
    let cycle = try #require(self.cycle(count: 6, [(0, 1), (1, 3), (3, 2), (2, 1), (4, 3), (2, 5)]))
    #expect(cycle.sorted() == [1, 2, 3])
    #expect(isCycle(cycle, of: [(1, 3), (3, 2), (2, 1)]))
    #expect(self.cycle(count: 2, [(1, 1)]) == [1])
    #expect(self.cycle(count: 2, [(0, 1), (1, 0)])?.sorted() == [0, 1])
  }

  /// Any random graph either has an order that respects it or names a cycle that is one.
  @Test(arguments: [UInt64](0..<200))
  func sortsOrNamesACycle(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let count = Int.random(in: 1...9, using: &generator)
    let dependencies = (0..<Int.random(in: 0...14, using: &generator)).map { _ in
      (before: Int.random(in: 0..<count, using: &generator), after: Int.random(in: 0..<count, using: &generator))
    }
    do {
      let graph = try InstructionGraph(count: count, dependencies: dependencies)
      #expect(graph.topologicalOrder.sorted() == Array(0..<count))
      for (before, after) in dependencies {
        #expect(graph.topologicalOrder.firstIndex(of: before)! < graph.topologicalOrder.firstIndex(of: after)!)
        #expect(graph.successors(of: before).contains(after))
        #expect(graph.predecessors(of: after).contains(before))
      }
    } catch {
      guard case FrontierError.cyclicDependencies(let cycle) = error else { throw error }
      #expect(isCycle(cycle, of: dependencies))
    }
  }

  @Test(arguments: [(-1, 0), (0, 3), (3, 0), (Int.max, 0), (0, Int.min)])
  func refusesWhatIsNoInstruction(before: Int, after: Int) {
    let outside = (0..<3).contains(before) ? after : before
    #expect(throws: FrontierError.dependencyOutOfRange(dependency: 1, instruction: outside, count: 3)) {
      try InstructionGraph(count: 3, dependencies: [(0, 1), (before, after)])
    }
  }

  @Test(arguments: [0, -1])
  func refusesAnEmptyGraph(count: Int) {
    #expect(throws: FrontierError.noInstructions) { try InstructionGraph(count: count, dependencies: []) }
  }

  @Test func countsARepeatedDependencyOnce() throws {
    let graph = try InstructionGraph(count: 3, dependencies: [(0, 2), (0, 1), (0, 2), (0, 2)])
    #expect(graph.dependencyCount == 2)
    #expect(graph == (try InstructionGraph(count: 3, dependencies: [(0, 1), (0, 2)])))
    #expect(Array(graph.successors(of: 0)) == [1, 2])
    #expect(Array(graph.predecessors(of: 2)) == [0])
    #expect(graph.predecessors(of: 0).isEmpty)
  }

  @Test func keepsTheLongestLagOfARepeatedDependency() throws {
    let graph = try InstructionGraph(
      count: 3,
      lagged: [
        .init(before: 0, after: 2, lagSeconds: 1), .init(before: 0, after: 1),
        .init(before: 0, after: 2, lagSeconds: 3),
        .init(before: 0, after: 2, lagSeconds: 2),
      ])
    #expect(graph.dependencyCount == 2)
    #expect(Array(graph.lagsSeconds(after: 0)) == [0, 3])
    #expect(Array(graph.lagsSeconds(before: 2)) == [3])
    #expect(graph.hasLags)
  }

  @Test(arguments: [-1e-9, .infinity, .nan, 1e31])
  func refusesALagThatCannotBe(seconds: Double) {
    do {
      _ = try InstructionGraph(count: 2, lagged: [.init(before: 0, after: 1, lagSeconds: seconds)])
      Issue.record("accepted a lag of \(seconds) s")
    } catch .invalidLag(let dependency, _) {
      #expect(dependency == 0)
    } catch {
      Issue.record("\(error)")
    }
  }

  /// A long chain is not a deep recursion.
  @Test func sortsALongChain() throws {
    let count = 20_000
    let graph = try InstructionGraph(count: count, dependencies: (1..<count).map { ($0, $0 - 1) })
    #expect(graph.topologicalOrder == Array((0..<count).reversed()))
  }

  private func cycle(count: Int, _ dependencies: [(before: Int, after: Int)]) -> [Int]? {
    do {
      _ = try InstructionGraph(count: count, dependencies: dependencies)
    } catch .cyclicDependencies(let cycle) {
      return cycle
    } catch {}
    return nil
  }

  private func isCycle(_ cycle: [Int], of dependencies: [(before: Int, after: Int)]) -> Bool {
    !cycle.isEmpty && Set(cycle).count == cycle.count
      && cycle.indices.allSatisfy { index in
        dependencies.contains { $0 == (cycle[index], cycle[(index + 1) % cycle.count]) }
      }
  }
}
