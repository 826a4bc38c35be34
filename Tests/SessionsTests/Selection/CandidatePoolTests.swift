import Basics
import Sessions
import Testing

@Suite struct CandidatePoolTests {
  private let task = SelectionTask(
    name: "t", metric: Metric(name: "accuracy", direction: .maximize, range: 0...1, transform: .distance),
    alignmentSampleCount: 1000)

  @Test func holdsEveryCombinationThatBreaksNoRule() throws {
    var generator = SplitMix64(seed: 3)
    for _ in 0..<200 {
      func parts(_ prefix: String, _ count: Int) -> [PoolComponent] {
        (0..<count).map {
          PoolComponent(
            id: "\(prefix)\($0)", parameterCount: Int.random(in: 1...9, using: &generator),
            memoryBytes: [nil, 3, 5].randomElement(using: &generator)!,
            licence: [nil, "free", "paid"].randomElement(using: &generator)!,
            tags: Bool.random(using: &generator) ? ["new"] : [],
            latencySeconds: Double(Int.random(in: 0...4, using: &generator)))
        }
      }
      let (encoders, projectors, languageModels) = (parts("e", 4), parts("p", 2), parts("l", 3))
      let constraints = PoolConstraints(
        maximumMemoryBytes: 11, maximumLatencySeconds: 9, maximumParameterCount: 24,
        allowedLicences: Bool.random(using: &generator) ? ["free", "paid"] : nil,
        deniedLicences: Bool.random(using: &generator) ? ["paid"] : [],
        deniedTags: Int.random(in: 0..<4, using: &generator) == 0 ? ["new"] : [],
        deniedPairs: [ComponentPair(encoder: "e0", languageModel: "l0")])
      var expected: Set<String> = []
      for e in encoders {
        for p in projectors {
          for l in languageModels where !(e.id == "e0" && l.id == "l0") {
            let all = [e, p, l]
            guard all.reduce(0, { $0 + ($1.memoryBytes ?? 0) }) <= 11, all.reduce(0, { $0 + $1.latencySeconds! }) <= 9,
              all.reduce(0, { $0 + $1.parameterCount! }) <= 24,
              constraints.allowedLicences == nil || all.allSatisfy({ $0.licence != nil }),
              constraints.deniedLicences.isEmpty || all.allSatisfy({ $0.licence != "paid" }),
              constraints.deniedTags.isEmpty || all.allSatisfy(\.tags.isEmpty)
            else { continue }
            expected.insert("\(e.id) + \(p.id) + \(l.id)")
          }
        }
      }
      // The same pool in one piece, and grown in two.
      let whole = PoolSubmission(
        encoders: encoders, projectors: projectors, languageModels: languageModels, constraints: constraints, task: task
      )
      guard !expected.isEmpty else {
        #expect(throws: RequestError.self) { try CandidatePool(whole) }
        continue
      }
      let pool = try CandidatePool(whole)
      #expect(Set(pool.candidates.indices.map { pool.name(of: $0).text }) == expected)
      #expect(pool.excludedCounts.values.reduce(0, +) == 24 - expected.count)
      for index in pool.candidates.indices { #expect(pool.number(of: pool.name(of: index)) == index) }
      let first = PoolSubmission(
        encoders: Array(encoders.prefix(2)), projectors: projectors, languageModels: Array(languageModels.prefix(2)),
        constraints: constraints, task: task)
      guard var grown = try? CandidatePool(first) else { continue }
      let before = grown.candidates
      let rest = PoolSubmission(
        encoders: encoders, projectors: [], languageModels: languageModels, constraints: nil, task: nil)
      try grown.grow(by: rest)
      #expect(Array(grown.candidates.prefix(before.count)) == before)
      #expect(Set(grown.candidates.indices.map { grown.name(of: $0).text }) == expected)
    }
  }
}
