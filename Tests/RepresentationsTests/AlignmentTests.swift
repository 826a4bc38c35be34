import Basics
import Representations
import Testing

/// Alignment against its definition, written out with whole kernel matrices in double precision.
@Suite struct AlignmentTests {
  private static let estimators: [AlignmentEstimator] = [.biased, .unbiased, .minibatch(size: 16)]
  private static let kernels: [SampleKernel] = [.linear, .rbf(bandwidthFraction: 0.5)]
  /// Samples and the features of each model: below and above a tile, few and many features for the samples.
  private static let shapes: [(samples: Int, features: [Int])] = [
    (48, [5, 40, 130]), (270, [3, 20]), (20, [600, 30]), (130, [1, 2, 3, 4, 5]),
  ]

  @Test(arguments: estimators, kernels) func agreesWithTheDefinition(
    _ estimator: AlignmentEstimator, _ kernel: SampleKernel
  ) throws {
    for (samples, features) in Self.shapes {
      let models = Self.models(samples, features)
      let found = try AlignmentMatrix(
        of: models.map { try Representation(rows: $0) }, kernel: kernel, estimator: estimator)
      let expected = AlignmentReference.matrix(models, kernel, estimator)
      for (value, wanted) in zip(found.values, expected.joined()) {
        #expect(abs(value - wanted) < 1e-6, "\(samples) samples of \(features)")
      }
    }
  }

  /// The guide's example.
  @Test func workedExample() throws {
    let matrix = try AlignmentMatrix(
      of: [Representation(rows: [[-1], [0], [1]]), Representation(rows: [[-1], [-1], [2]])])
    #expect(abs(matrix[0, 1] - 0.75) < 1e-12)
  }

  /// Rotation, shift and scale change nothing; the matrix is symmetric with ones on its diagonal.
  @Test(arguments: kernels) func isInvariantToRotationShiftAndScale(_ kernel: SampleKernel) throws {
    let models = Self.models(60, [6, 9])
    let moved = models[0].map { row in
      // A rotation in the planes of neighbouring features.
      var row = row
      for axis in 0..<row.count - 1 {
        let (a, b) = (row[axis], row[axis + 1])
        (row[axis], row[axis + 1]) = (0.6 * a - 0.8 * b, 0.8 * a + 0.6 * b)
      }
      return row.map { 4e9 + 3e7 * $0 }
    }
    let matrix = try AlignmentMatrix(
      of: [models[0], moved, models[1]].map { try Representation(rows: $0) }, kernel: kernel)
    #expect(abs(matrix[0, 1] - 1) < 1e-6)
    #expect(abs(matrix[0, 2] - matrix[1, 2]) < 1e-6)
    for i in 0..<3 {
      #expect(matrix[i, i] == 1)
      for j in 0..<3 { #expect(matrix[i, j] == matrix[j, i]) }
    }
    #expect(matrix[0, 2] < 0.9)
  }

  @Test func oneBatchIsTheUnbiasedEstimate() throws {
    let models = try Self.models(40, [7, 12]).map { try Representation(rows: $0) }
    for kernel in Self.kernels {
      let whole = try AlignmentMatrix(of: models, kernel: kernel, estimator: .unbiased)
      #expect(try AlignmentMatrix(of: models, kernel: kernel, estimator: .minibatch(size: 40)) == whole)
    }
  }

  /// A batch in which one model is constant adds to the sums of the others only.
  @Test func aConstantBatchAddsNothing() throws {
    for kernel in Self.kernels {
      let models = Self.models(24, [5, 6])
      func alignment(second batches: [[Double]]) throws -> Double {
        let second = try Representation(rows: models[1][..<12] + batches)
        let estimator = AlignmentEstimator.minibatch(size: 12)
        return try AlignmentMatrix(
          of: [Representation(rows: models[0]), second], kernel: kernel, estimator: estimator)[0, 1]
      }
      let alone = try AlignmentMatrix(
        of: models.map { try Representation(rows: Array($0[..<12])) }, kernel: kernel, estimator: .unbiased)[0, 1]
      let constant = try alignment(second: Array(repeating: models[1][0].map { _ in 2 }, count: 12))
      // The second batch adds to the first model's own criterion only, so the alignment falls.
      #expect(constant > 0 && constant < alone)
      #expect(try alignment(second: Array(models[1][12...])) > constant)
    }
  }

  /// Each allocation is counted before it is made, and given back at the end.
  @Test func staysWithinItsMemory() throws {
    let shapes: [(samples: Int, features: [Int])] = [(300, [40, 50]), (40, [3000, 10])]
    for (samples, features) in shapes {
      let models = try Self.models(samples, features).map { try Representation(rows: $0) }
      for kernel in Self.kernels {
        let whole = try AlignmentMatrix(of: models, kernel: kernel)
        var limit = 1 << 30
        var refusals = 0
        while limit > 0 {
          let memory = MemoryBudget(byteLimit: limit)
          do throws(RepresentationError) {
            #expect(try AlignmentMatrix(of: models, kernel: kernel, memory: memory) == whole)
          } catch {
            #expect(error.kind == .memory)
            refusals += 1
          }
          #expect(memory.heldByteCount == 0)
          limit /= 4
        }
        #expect(refusals > 3 && refusals < 15)
      }
    }
  }

  /// A map that hands indices out backwards and to workers by turns, so that nothing may depend on who does what.
  @Test(arguments: [2, 3, 4]) func hasTheSameBitsOnAnyNumberOfWorkers(_ workers: Int) throws {
    let scattered = ParallelMap(workerCount: workers) { count, body in
      for index in (0..<count).reversed() { body(index, (index * 7 + count) % workers) }
    }
    for (samples, features) in Self.shapes {
      let models = try Self.models(samples, features).map { try Representation(rows: $0) }
      for kernel in Self.kernels {
        let alone = try AlignmentMatrix(of: models, kernel: kernel)
        #expect(try AlignmentMatrix(of: models, kernel: kernel, parallel: scattered) == alone)
      }
    }
  }

  @Test func magnitudesAndOffsetsCostNoDigits() throws {
    let models = Self.models(50, [8, 11])
    let plain = try AlignmentMatrix(of: models.map { try Representation(rows: $0) })
    for (offset, factor) in [(0.0, 1e120), (0, 1e-120), (1e6, 1)] {
      let moved = try models.map { try Representation(rows: $0.map { $0.map { offset + factor * $0 } }) }
      let matrix = try AlignmentMatrix(of: moved)
      for (one, other) in zip(plain.values, matrix.values) { #expect(abs(one - other) < 1e-6) }
    }
  }

  @Test func whatCannotBeComparedIsNamed() throws {
    let models = try Self.models(20, [4, 5]).map { try Representation(rows: $0) }
    func fault(
      _ models: [Representation], _ kernel: SampleKernel = .linear, _ estimator: AlignmentEstimator = .biased
    ) -> RepresentationError? {
      #expect(throws: RepresentationError.self) {
        try AlignmentMatrix(of: models, kernel: kernel, estimator: estimator)
      }
    }
    let constant = try Representation(rows: Array(repeating: [0.1, 1e300], count: 20))
    #expect(fault([models[0], constant])?.kind == .constant)
    #expect(fault([models[0], constant])?.index == 1)
    let short = try Representation(rows: Self.models(19, [4])[0])
    #expect(fault([models[0], short], .linear, .minibatch(size: 4))?.index == 1)
    #expect(fault([models[0], short])?.kind == .sampleCount)
    #expect(fault(models, .rbf(bandwidthFraction: 0))?.kind == .outOfRange)
    #expect(fault(models, .linear, .minibatch(size: 3))?.kind == .sampleCount)
    #expect(fault(models, .linear, .minibatch(size: 21))?.kind == .sampleCount)
    let three = try Self.models(3, [4, 5]).map { try Representation(rows: $0) }
    #expect(fault(three, .linear, .unbiased)?.kind == .sampleCount)
    #expect(try AlignmentMatrix(of: three).count == 2)
    let huge = try Representation(rows: (0..<20).map { [Double($0) * 1e300] })
    #expect(fault([models[0], huge])?.kind == .outOfRange)
    // Fifteen of twenty samples are alike, so that 105 of 190 distances are 0.
    let alike = try Representation(rows: (0..<20).map { [Double(max(0, $0 - 14))] })
    #expect(fault([models[0], alike], .rbf(bandwidthFraction: 1))?.kind == .constant)
  }

  @Test func cancellationEndsItAndProgressRises() throws {
    let models = try Self.models(300, [40, 50]).map { try Representation(rows: $0) }
    for kernel in Self.kernels {
      #expect(throws: RepresentationError.self) {
        try AlignmentMatrix(of: models, kernel: kernel, progress: ProgressHandle(isCancelled: { true }))
      }
      let told = Told()
      _ = try AlignmentMatrix(
        of: models, kernel: kernel, progress: ProgressHandle(report: { told.shares.append($0) }))
      #expect(told.shares == told.shares.sorted() && told.shares.last == 1 && told.shares.allSatisfy { $0 >= 0 })
    }
  }

  private final class Told: @unchecked Sendable {
    var shares: [Double] = []
  }

  /// Models that share a signal of three figures a sample, each beside noise of its own.
  static func models(_ samples: Int, _ features: [Int]) -> [[[Double]]] {
    var generator = SplitMix64(seed: UInt64(samples))
    func number() -> Double { Double.random(in: -1...1, using: &generator) }
    let signal = (0..<samples).map { _ in [number(), number(), number()] }
    return features.map { count in
      let weights = (0..<count).map { _ in [number(), number(), number()] }
      return signal.map { figures in
        weights.map { weight in zip(figures, weight).reduce(0.4 * number() + 3) { $0 + $1.0 * $1.1 } }
      }
    }
  }
}
