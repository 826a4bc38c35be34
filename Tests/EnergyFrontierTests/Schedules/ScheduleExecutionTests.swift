import Basics
import Testing

@testable import EnergyFrontier

/// The validator against an executor that knows nothing of graphs: ranks run their next instruction when what it needs
/// is done, and a schedule is valid if and only if all of them come to their end.
@Suite struct ScheduleExecutionTests {
  /// The executor knows chains only.
  private static let chains = PipelineSchedule.allCases.filter { $0 != .dualpipe && $0 != .encoders }

  @Test(arguments: chains, 1...20 as ClosedRange<UInt64>)
  func acceptsExactlyWhatEnds(schedule: PipelineSchedule, seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let recipe = try ScheduleRecipe(
      schedule, stageCount: schedule.defaultChunksPerRank * Int.random(in: 1...3, using: &generator),
      microbatchCount: 6)
    var orders = recipe.orders()
    #expect(ends(orders))
    // Near swaps, so that some of the orders still end.
    for _ in 0..<12 {
      let rank = Int.random(in: orders.indices, using: &generator)
      let first = Int.random(in: 0..<(orders[rank].count - 1), using: &generator)
      let second = min(first + Int.random(in: 1...3, using: &generator), orders[rank].count - 1)
      orders[rank].swapAt(first, second)
      let fault = fault(orders)
      #expect((fault == nil) == ends(orders), "seed \(seed): \(orders), \(String(describing: fault))")
      guard let fault else { continue }
      let place = try #require(fault.place, "\(fault)")
      #expect(orders[place.rank][place.column].description == place.action)
      orders[rank].swapAt(first, second)
    }
  }

  private func fault(_ orders: [[ScheduledInstruction]]) -> ScheduleError? {
    do throws(FrontierError) {
      _ = try ExpandedSchedule(orders: orders)
    } catch {
      if case .invalidSchedule(let fault) = error { return fault }
      Issue.record("\(error)")
    }
    return nil
  }

  private enum Done: Hashable {
    case forward(Int, Int)
    case gradient(Int, Int)
    case recomputed(Int, Int)
  }

  /// Every rule in full, also that a backward needs its own forward.
  private func ends(_ orders: [[ScheduledInstruction]]) -> Bool {
    let parts = orders.joined().flatMap(\.parts)
    let last = parts.map(\.stage).max() ?? 0
    let recomputed = Set(parts.filter { $0.kind == .recompute }.map { [$0.stage, $0.microbatch] })
    var done: Set<Done> = []
    func isReady(_ part: ScheduledInstruction) -> Bool {
      let (stage, microbatch) = (part.stage, part.microbatch)
      switch part.kind {
      case .forward: return stage == 0 || done.contains(.forward(stage - 1, microbatch))
      case .weightGradient: return done.contains(.gradient(stage, microbatch))
      case .recompute: return done.contains(.forward(stage, microbatch))
      case .backward, .inputGradient, .recomputeBackward:
        return done.contains(.forward(stage, microbatch))
          && (stage == last || done.contains(.gradient(stage + 1, microbatch)))
          && (!recomputed.contains([stage, microbatch]) || done.contains(.recomputed(stage, microbatch)))
      default: return false
      }
    }
    var next = orders.map { _ in 0 }
    var hasMoved = true
    while hasMoved {
      hasMoved = false
      for (rank, order) in orders.enumerated() {
        while next[rank] < order.count, order[next[rank]].parts.allSatisfy(isReady) {
          for part in order[next[rank]].parts {
            switch part.kind {
            case .forward: done.insert(.forward(part.stage, part.microbatch))
            case .recompute: done.insert(.recomputed(part.stage, part.microbatch))
            case .weightGradient: break
            default: done.insert(.gradient(part.stage, part.microbatch))
            }
          }
          next[rank] += 1
          hasMoved = true
        }
      }
    }
    return next == orders.map(\.count)
  }
}
