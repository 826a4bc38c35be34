import Testing

@testable import EnergyFrontier

/// The checker accepts the traced curve and finds every kind of damage done to it.
@Suite struct CurveCertificateTests {
  @Test func acceptsTheTracedPieces() throws {
    var (pieces, checker) = try tracedPieces(bridge.problem())
    for piece in pieces { checker.check(piece) }
    #expect(checker.certificate == CurveCertificate(pieceCount: 3))
    #expect(checker.certificate.holds)
  }

  /// Nothing is proven before the pieces reach the fastest iteration.
  @Test func wantsTheWholeCurve() throws {
    var (pieces, checker) = try tracedPieces(bridge.problem())
    #expect(checker.certificate.failure == .rangeNotCovered(seconds: 3))
    checker.check(pieces[0])
    #expect(checker.certificate.failure == .rangeNotCovered(seconds: 2))
    checker.check(pieces[2])
    #expect(checker.certificate.failure == .piecesApart(seconds: -1))
  }

  @Test func wantsTheSlowestEnd() throws {
    var (pieces, checker) = try tracedPieces(bridge.problem())
    checker.check(pieces[1])
    #expect(checker.certificate.failure == .piecesApart(seconds: -1))
  }

  @Test func findsALostFlow() throws {
    let failure = try failure { piece, _ in piece.flows[2] -= 1 }
    guard case .flowImbalance(_, let watts) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(abs(watts) < 1e-12)
  }

  @Test func findsAWrongPrice() throws {
    guard case .flowImbalance(EventNetwork.source, _) = try failure({ piece, _ in piece.price += 1 }) else {
      Issue.record("the price is not checked against the flow")
      return
    }
  }

  @Test func findsANegativeFlow() throws {
    guard case .negativeFlow(arc: 1, _) = try failure({ piece, _ in piece.flows[1] = -5 }) else {
      Issue.record("a negative flow passed")
      return
    }
  }

  /// A flow that is conserved but of the wrong value proves a lower bound, not this one.
  @Test(arguments: [0, 1, 2])
  func findsAFlowThatIsNotOptimal(index: Int) throws {
    let failure = try failure(at: index) { piece, _ in
      piece.flows = piece.flows.map { 2 * $0 }
      piece.price *= 2
    }
    guard case .dualityGap(let joules, let allowed) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(joules > 1e6 * allowed)
  }

  /// An instruction that is given less time than its fastest option takes.
  @Test func findsATooShortDuration() throws {
    let failure = try failure { piece, events in piece.fastTimes[events.heads[0]] = piece.fastTimes[EventNetwork.source]
    }
    #expect(failure == .durationOutOfRange(instruction: 0, seconds: 1))
  }

  /// Moving an inner event makes one instruction shorter than the price warrants and another longer.
  @Test func findsAMovedEvent() throws {
    let failure = try failure(at: 1) { piece, events in piece.fastTimes[events.heads[0]] -= 1 << 50 }
    guard case .dualityGap = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
  }

  @Test func findsABrokenDependency() throws {
    let sketch = ProblemSketch(
      [[(1, 2), (2, 1)], [(1, 2), (2, 1)], [(1, 2), (2, 1)], [(1, 2), (2, 1)]],
      dependencies: [(0, 2), (0, 3), (1, 2), (1, 3)])
    let failure = try failure(of: sketch) { piece, events in piece.slowTimes[events.heads[1]] += 1 << 50 }
    guard case .dependencyViolated(before: 1, after: 2, _) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
  }

  @Test func findsAnInstructionOutsideTheIteration() throws {
    let failure = try failure { piece, events in piece.slowTimes[events.heads[0]] += 1 << 62 }
    guard case .outsideIteration(instruction: 0, _) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
  }

  /// A nanojoule too much or too little is no rounding.
  @Test(arguments: [1e-9, -1e-9])
  func findsAWrongEnergy(joules: Double) throws {
    for change in [\CurvePiece.slowEffectiveJoules, \.fastEffectiveJoules] as [WritableKeyPath<CurvePiece, Double>] {
      guard case .energyMismatch(let found, _) = try failure({ piece, _ in piece[keyPath: change] += joules }) else {
        Issue.record("a wrong energy passed")
        continue
      }
      #expect(isClose(found, joules, tolerance: 1e-13))
    }
    guard case .energyMismatch = try failure({ piece, _ in piece.fastEffectiveJoules = .nan }) else {
      Issue.record("an energy that is no number passed")
      return
    }
  }

  @Test func findsAFallingPrice() throws {
    var (pieces, checker) = try tracedPieces(bridge.problem())
    checker.check(pieces[0])
    pieces[1].price = pieces[0].price
    checker.check(pieces[1])
    #expect(checker.certificate.failure == .priceNotRising(watts: 0))
  }

  /// The flow proves something only when its paths follow dependencies of the problem that was stated.
  @Test func findsFlowBetweenUnrelatedInstructions() throws {
    let chained = try InstructionGraph(count: 3, dependencies: [(0, 1), (1, 2)])
    let loose = try InstructionGraph(count: 3, dependencies: [(0, 1)])
    let events = EventNetwork(chained)
    #expect(CurveChecker.eventWithoutDependency(events, chained) == nil)
    #expect(CurveChecker.eventWithoutDependency(events, loose) == events.heads[1])
  }

  /// The checker's own view of what a table offers does not use the table's filter.
  @Test func excessCountsEveryMeasurement() throws {
    let table = try OptionTable(
      measurements: [(1, 4), (2, 3), (3, 1)].map { Measurement(timeSeconds: $0.0, energyJoules: $0.1) },
      blockingPowerWatts: 0)
    let measured = MeasuredTable(table, ticksPerSecond: 1)
    #expect(measured.points.count == 2)
    #expect(measured.mix(lasting: 2).joules == 2.5)
    #expect(measured.mix(lasting: 9).joules == 1)
    #expect(measured.excess(of: measured.mix(lasting: 2), joulesPerTick: 1.5) == 0)
    #expect(measured.excess(of: measured.mix(lasting: 2), joulesPerTick: 0.5) == 1)
    #expect(measured.excess(of: measured.mix(lasting: 2), joulesPerTick: 3) == 1.5)
  }

  /// What the checker says when one piece of a curve is damaged.
  private func failure(
    of sketch: ProblemSketch = bridge, at index: Int = 0, _ damage: (inout CurvePiece, EventNetwork) -> Void
  ) throws -> CurveCertificate.Failure? {
    var (pieces, checker) = try tracedPieces(sketch.problem())
    damage(&pieces[index], checker.events)
    for piece in pieces[...index] { checker.check(piece) }
    return checker.certificate.failure
  }
}
