import Basics
import EnergyFrontier
import Testing

/// Planted misfits are named, sized, and corrected so that plans that were not measured come out right.
@Suite struct ModelReviewTests {
  /// One misfit each, with busy times, which tell causes apart that iteration times alone cannot.
  enum Planted: String, CaseIterable {
    case transfer, overhead, iteration, uniform, slowRank, blocking, energyOffset, energyShare, waiting, none
    case transferAndSlowRank

    func machine() throws -> MachineForTests {
      // With 1F1B a sender that waits delays nothing, and with GPipe only where microbatches differ.
      var machine = try MachineForTests(self == .blocking ? .gpipe : .oneForwardOneBackward)
      switch self {
      case .transfer: machine.transferSeconds = 0.012
      case .overhead: machine.overheadSeconds = 0.006
      case .iteration: machine.iterationSeconds = 0.15
      case .uniform: machine.rankFactors = machine.rankFactors.map { _ in 1.05 }
      case .slowRank: machine.rankFactors[2] = 1.12
      case .blocking: (machine.blocksTransfers, machine.settingsDiffer, machine.timeNoise) = (true, true, 0.001)
      case .energyOffset: machine.energyOffsetJoules = 400
      case .energyShare: machine.energyFactor = 1.08
      case .waiting: machine.waitingFactor = 1.3
      case .none: return machine
      case .transferAndSlowRank: (machine.transferSeconds, machine.rankFactors[1]) = (0.012, 1.15)
      }
      // Plans differ little in how their energy is made up.
      if kinds[0].kind.isOfEnergy { machine.energyNoise = 0.002 }
      return machine
    }

    var kinds: [(kind: MisfitKind, size: Double)] {
      switch self {
      case .transfer: [(.transferLatency, 0.012)]
      case .overhead: [(.instructionOverhead, 0.006)]
      case .iteration: [(.iterationOverhead, 0.15)]
      case .uniform: [(.uniformSlowdown, 0.05)]
      case .slowRank: [(.rankSlowdown(2), 0.12)]
      case .blocking: [(.blockingTransfers, 1)]
      case .energyOffset: [(.energyOffset, 400)]
      case .energyShare: [(.energyShare, 0.08)]
      case .waiting: [(.waitingPower, 0.3)]
      case .none: []
      case .transferAndSlowRank: [(.rankSlowdown(1), 0.15), (.transferLatency, 0.012)]
      }
    }
  }

  @Test(arguments: Planted.allCases)
  func aPlantedMisfitIsNamedAndPredictsOtherPlans(_ planted: Planted) throws {
    let machine = try planted.machine()
    for seed in UInt64(1)...5 {
      let review = machine.review(busy: true, seed: seed)
      let found = review.misfits.map(\.kind)
      #expect(Set(found) == Set(planted.kinds.map(\.kind)), "\(planted), seed \(seed): \(review.misfits)")
      #expect(review.verdict == (planted == .none ? .holds : .corrected), "\(planted), seed \(seed)")
      #expect(review.changedFrom == nil)
      for (kind, size) in planted.kinds {
        let fitted = review.misfits.first { $0.kind == kind }?.size ?? 0
        #expect(abs(fitted / size - 1) < 0.35, "\(planted), seed \(seed): \(fitted) instead of \(size)")
      }
      // Plans that were not measured, on the corrected problem.
      let model = MachineModel(machine.problem, ranks: machine.ranks)
      var random = SplitMix64(seed: 1000 + seed)
      for _ in 0..<20 {
        let plan = machine.plan(&random)
        let (truth, modelled) = (machine.truth(plan).outcome, model.outcome(plan, review.correction))
        #expect(abs(modelled.iterationTimeSeconds / truth.iterationTimeSeconds - 1) < 0.006, "\(planted), seed \(seed)")
        #expect(abs(modelled.energyJoules / truth.energyJoules - 1) < 0.012, "\(planted), seed \(seed)")
      }
    }
  }

  /// Noise alone is no misfit, whatever is measured of how many plans.
  @Test func noiseAloneIsNoMisfit() throws {
    let machine = try MachineForTests()
    var wrong = 0
    for seed in UInt64(0)..<100 {
      let review = machine.review(
        planCount: 1 + Int(seed % 9), iterationsOfPlan: 1 + Int(seed % 6), busy: seed % 2 == 0, seed: seed)
      let isTooFew = (1 + seed % 9) * (1 + seed % 6) < 3
      if review.verdict != (isTooFew ? .undecided : .holds) { wrong += 1 }
    }
    #expect(wrong <= 2)
  }

  /// Where busy times are not known, causes that look the same are named beside each other, and plans that were not
  /// measured still come out right.
  @Test(arguments: [Planted.transfer, .overhead, .iteration, .slowRank])
  func iterationTimesAloneAreFitted(_ planted: Planted) throws {
    let machine = try planted.machine()
    for seed in UInt64(1)...5 {
      let review = machine.review(planCount: 12, busy: false, seed: seed)
      #expect(review.verdict == .corrected)
      let named = review.misfits.flatMap { [$0.kind] + $0.alternatives }
      #expect(named.contains(planted.kinds[0].kind), "\(planted), seed \(seed): \(review.misfits)")
      let model = MachineModel(machine.problem, ranks: machine.ranks)
      var random = SplitMix64(seed: 2000 + seed)
      for _ in 0..<20 {
        let plan = machine.plan(&random)
        let truth = machine.truth(plan).outcome
        let modelled = model.outcome(plan, review.correction)
        #expect(abs(modelled.iterationTimeSeconds / truth.iterationTimeSeconds - 1) < 0.01, "\(planted), seed \(seed)")
      }
    }
  }

  /// A rank that becomes slow in the middle: the corrections are those of the time before, and the model is not to be
  /// trusted from then on.
  @Test func aMachineThatChangesIsFound() throws {
    for seed in UInt64(1)...5 {
      var machine = try MachineForTests()
      machine.transferSeconds = 0.01
      var random = SplitMix64(seed: seed)
      let plan = machine.plan(&random)
      var iterations = machine.iterations(plan, count: 20, busy: true, &random)
      for rank in machine.rankFactors.indices { machine.rankFactors[rank] = 1.2 }
      iterations += machine.iterations(plan, count: 15, busy: true, &random)
      let review = MachineForTests.review(machine, [ObservedPlan(measurements: plan, iterations: iterations)])
      #expect(review.verdict == .unexplained && review.changedFrom == 20, "seed \(seed): \(review)")
      #expect(review.misfits.contains { $0.kind == .transferLatency || $0.alternatives.contains(.transferLatency) })
    }
  }

  /// An iteration in which a checkpoint was written says nothing of the model.
  @Test func aStrayIterationIsLeftOut() throws {
    var machine = try MachineForTests()
    machine.transferSeconds = 0.012
    var random = SplitMix64(seed: 3)
    let observed = (0..<6).map { number in
      let plan = machine.plan(&random)
      var iterations = machine.iterations(plan, count: 6, busy: true, &random)
      if number % 2 == 0 {
        iterations[number] = IterationObservation(iterationTimeSeconds: 1.7 * iterations[0].iterationTimeSeconds)
      }
      return ObservedPlan(measurements: plan, iterations: iterations)
    }
    let review = MachineForTests.review(machine, observed)
    #expect(review.strayCount == 3 && review.verdict == .corrected)
    #expect(review.misfits.map(\.kind) == [.transferLatency])
  }

  /// Iterations that last longer by a share that no cause explains, different for each plan.
  @Test func aModelThatIsWrongIsNotTrusted() throws {
    let machine = try MachineForTests()
    var random = SplitMix64(seed: 7)
    let observed = (0..<10).map { number in
      let plan = machine.plan(&random)
      let factor = number % 2 == 0 ? 1.6 : 2.2
      return ObservedPlan(
        measurements: plan,
        iterations: machine.iterations(plan, count: 5, &random).map {
          IterationObservation(iterationTimeSeconds: factor * $0.iterationTimeSeconds)
        })
    }
    // Interleaved, so that time does not explain it.
    let sequence = (0..<5).flatMap { iteration in observed.indices.map { ($0, iteration) } }
    let review = ModelReview(machine.problem, ranks: machine.ranks, observed: observed, sequence: sequence)
    #expect(review.verdict == .unexplained && review.time.planFraction > 0.05)
  }
}
