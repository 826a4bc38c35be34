import Basics
import EnergyFrontier
import Testing

/// A schedule over prices is as cheap as any: against the simplex method, and by its own multiplier.
@Suite struct OperatingScheduleTests {
  struct Sketch {
    var points: [OperatingPoint] = []
    var intervals: [TariffInterval] = []
    var wanted = 0.0

    /// Plans by rising time and falling energy, sometimes with a pause, and up to six prices, some equal or negative.
    init(seed: UInt64) {
      var generator = SplitMix64(seed: seed)
      var (time, energy) = (
        Double.random(in: 0.5...2, using: &generator), Double.random(in: 50...100, using: &generator)
      )
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        points.append(OperatingPoint(iterationTimeSeconds: time, energyJoules: energy))
        time += Double.random(in: 0.01...0.5, using: &generator)
        energy -= Double.random(in: 0.1...8, using: &generator)
      }
      if seed % 3 == 0 { points.append(OperatingPoint(iterationsPerSecond: 0, powerWatts: 5)) }
      intervals = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
        TariffInterval(
          durationSeconds: Double.random(in: 1...50, using: &generator),
          pricePerJoule: [-0.5, 0, 0.5, 1, 2, Double.random(in: 0...3, using: &generator)].randomElement(
            using: &generator)!)
      }
      let most = intervals.reduce(0) { $0 + $1.durationSeconds } * points[0].iterationsPerSecond
      wanted = most * Double.random(in: 0...1, using: &generator)
    }

    /// Shares of each interval for each point, as a linear program.
    func leastCost() -> Double? {
      let pairs = intervals.indices.flatMap { k in points.indices.map { (k, $0) } }
      var solver = SimplexSolver(
        minimizing: pairs.map { intervals[$0].pricePerJoule * intervals[$0].durationSeconds * points[$1].powerWatts })
      for k in intervals.indices {
        solver.addEquality(pairs.indices.filter { pairs[$0].0 == k }.map { ($0, 1) }, equals: 1)
      }
      solver.addRow(
        pairs.enumerated().map { ($0, -intervals[$1.0].durationSeconds * points[$1.1].iterationsPerSecond) },
        atMost: -wanted)
      return solver.solve()
    }
  }

  @Test(arguments: UInt64(0)..<300) func costsWhatTheLinearProgramSays(seed: UInt64) throws {
    let sketch = Sketch(seed: seed)
    let schedule = try #require(
      OperatingSchedule(points: sketch.points, intervals: sketch.intervals, goal: .iterations(sketch.wanted)))
    let least = try #require(sketch.leastCost())
    #expect(abs(schedule.cost - least) < 1e-7 * (1 + abs(least)))
    #expect(schedule.iterationCount >= sketch.wanted * (1 - 1e-12))
    // The multiplier proves it: in each interval nothing costs less when iterations are paid for.
    let dual = sketch.intervals.reduce(schedule.pricePerIteration * sketch.wanted) { sum, interval in
      sum
        + sketch.points.map {
          interval.durationSeconds
            * (interval.pricePerJoule * $0.powerWatts - schedule.pricePerIteration * $0.iterationsPerSecond)
        }.min()!
    }
    #expect(abs(schedule.cost - dual) < 1e-9 * (1 + abs(dual)))
  }

  @Test(arguments: UInt64(0)..<100) func segmentsCoverTheTimeWithOneCutAtMost(seed: UInt64) throws {
    let sketch = Sketch(seed: seed)
    let schedule = try #require(
      OperatingSchedule(points: sketch.points, intervals: sketch.intervals, goal: .iterations(sketch.wanted)))
    #expect(schedule.segments.count <= sketch.intervals.count + 1)
    for (index, interval) in sketch.intervals.enumerated() {
      let here = schedule.segments.filter { $0.interval == index }
      #expect(abs(here.reduce(0) { $0 + $1.durationSeconds } - interval.durationSeconds) < 1e-9)
      #expect(here.first?.offsetSeconds == 0 && (here.count == 1 || here[1].offsetSeconds == here[0].durationSeconds))
    }
    #expect(schedule.segments.map(\.interval) == schedule.segments.map(\.interval).sorted())
  }

  @Test(arguments: UInt64(0)..<100) func aValueIsTheSameAsItsCount(seed: UInt64) throws {
    let sketch = Sketch(seed: seed)
    let value = Double(seed % 10) * 8
    let paid = try #require(
      OperatingSchedule(points: sketch.points, intervals: sketch.intervals, goal: .valuePerIteration(value)))
    // No mix of points gains more, interval by interval.
    for interval in sketch.intervals {
      let gains = sketch.points.map { value * $0.iterationsPerSecond - interval.pricePerJoule * $0.powerWatts }
      let segment = try #require(paid.segments.first { sketch.intervals[$0.interval] == interval })
      #expect(gains[segment.point] > gains.max()! - 1e-9)
    }
    let counted = try #require(
      OperatingSchedule(points: sketch.points, intervals: sketch.intervals, goal: .iterations(paid.iterationCount)))
    #expect(abs(counted.cost - paid.cost) < 1e-9 * (1 + abs(paid.cost)))
  }

  @Test func moreThanTheFastestIsOutOfReach() {
    let points = [
      OperatingPoint(iterationTimeSeconds: 2, energyJoules: 10),
      OperatingPoint(iterationTimeSeconds: 4, energyJoules: 9),
    ]
    let hour = [TariffInterval(durationSeconds: 3600, pricePerJoule: 1)]
    #expect(OperatingSchedule(points: points, intervals: hour, goal: .iterations(1801)) == nil)
    let all = OperatingSchedule(points: points, intervals: hour, goal: .iterations(1800))
    #expect(all?.segments.map(\.point) == [0] && all?.cost == 18_000)
    // Half of the steps up: the hour is cut in two.
    let half = OperatingSchedule(points: points, intervals: hour, goal: .iterations(1350))
    #expect(half?.segments.map(\.point) == [0, 1] && half?.segments.map(\.durationSeconds) == [1800, 1800])
  }

  /// Cheap hours run fast and dear hours slow, never the other way round.
  @Test func paceFollowsPrice() throws {
    let points = (0..<8).map {
      OperatingPoint(
        iterationTimeSeconds: 1 + 0.1 * Double($0), energyJoules: 100 - 6 * Double($0) + 0.4 * Double($0 * $0))
    }
    let day = (0..<24).map { TariffInterval(durationSeconds: 3600, pricePerJoule: Double(1 + ($0 * 7) % 24)) }
    let schedule = try #require(OperatingSchedule(points: points, intervals: day, goal: .iterations(24 * 3600 * 0.75)))
    let order = schedule.segments.sorted { day[$0.interval].pricePerJoule < day[$1.interval].pricePerJoule }
    #expect(
      order.map { points[$0.point].iterationsPerSecond }
        == order.map { points[$0.point].iterationsPerSecond }.sorted(by: >)
    )
  }
}
