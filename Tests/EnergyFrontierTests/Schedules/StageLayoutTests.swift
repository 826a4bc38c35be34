import Basics
import Testing

@testable import EnergyFrontier

/// Megatron's layout strings: configurations that projects publish, and what its own comments say of the grammar.
@Suite struct StageLayoutTests {
  struct Published: CustomTestStringConvertible, Sendable {
    let text: String
    let stages: Int
    let decoders: Int
    let empty: [Int]
    /// What is written, where it is not `text` itself.
    var written: String?
    var testDescription: String { text }

    init(_ text: String, stages: Int, decoders: Int, empty: [Int] = [], written: String? = nil) {
      (self.text, self.stages, self.decoders, self.empty, self.written) = (text, stages, decoders, empty, written)
    }
  }

  static let published = [
    // DeepSeek-V3 on 16 ranks with two chunks each, as in Megatron's documentation, and variants of it.
    Published("Et*3|(tt|)*29,m|L", stages: 32, decoders: 61),
    Published("Et*3|(tt|)*29m|L", stages: 32, decoders: 61, written: "Et*3|(tt|)*29,m|L"),
    Published("Et*3|(tt|)*29|L", stages: 32, decoders: 61, empty: [30]),
    Published("Et|(tt|)*30L", stages: 32, decoders: 61, written: "Et|(tt|)*30,L"),
    Published("Et|t|(tt|)*29tL", stages: 32, decoders: 61, written: "Et|t|(tt|)*29,tL"),
    Published("Ett|(tt|)*6L", stages: 8, decoders: 14, written: "Ett|(tt|)*6,L"),
    Published("Et*16|t*16|t*16|t*12,m,L", stages: 4, decoders: 60, written: "Et*16|t*16|t*16|t*12,mL"),
    Published("Et*10|t*4L", stages: 2, decoders: 14, written: "Et*10|t*4,L"),
    Published("E|(t|)*10m|m|m|LL|LL", stages: 16, decoders: 10, written: "E|(t|)*10(m|)*3,LL|LL"),
    Published("E||t|L", stages: 4, decoders: 1, empty: [1]),
    Published(
      "E,t*4|t*4|t*4|t*4|t*4|t*4|t*4|t*4,L", stages: 8, decoders: 32,
      written: "Et*4|t*4|t*4|t*4|t*4|t*4|t*4|t*4,L"),
  ]

  @Test(arguments: published)
  func publishedLayoutsAreReadAndWritten(layout: Published) throws {
    let read = try StageLayout(layout.text)
    #expect(read.stages.count == layout.stages)
    #expect(read.stages.joined().count { $0 == .decoder } == layout.decoders)
    #expect(read.emptyStages == layout.empty)
    #expect(read.text == layout.written ?? layout.text)
    #expect(try StageLayout(read.text) == read)
  }

  /// The examples in the comments of Megatron's parser.
  @Test(arguments: [
    ("tE(m|t|L)*2,EL", "tEm|t|Lm|t|LEL"), ("(tm)*3", "tmtmtm"), ("tm,(EL|)*2", "tmEL|EL|"), ("(|tm)*2,EL", "|tm|tmEL"),
    ("t*2*3", nil), ("(tm)*2*2", "tmtmm"), ("|*2t", "||t"), ("t*0L", "L"),
  ])
  func repetitionsAreUnrolledAsMegatronDoes(text: String, unrolled: String?) throws {
    guard let unrolled else {
      #expect(throws: FrontierError.self) { try StageLayout(text) }
      return
    }
    #expect(try StageLayout(text) == StageLayout(unrolled))
  }

  @Test(arguments: 1...300 as ClosedRange<UInt64>)
  func whatIsWrittenIsReadAgain(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let stages = (0..<(1 + random.index(below: 12))).map { _ in
      String((0..<random.index(below: 6)).map { _ in "EtmLtt".randomElement(using: &random)! })
    }
    let text = stages.flatMap { Array(repeating: $0, count: 1 + random.index(below: 4)) }.joined(separator: "|")
    let layout = try StageLayout(text)
    #expect(try StageLayout(layout.text) == layout, "seed \(seed): \(text) is written \(layout.text)")
  }

  @Test(arguments: [
    "Ex|L", "E(t|L", "E(t|)L", "E()*3L", "E((t)*2)*2L", "Et*|L", "Et* 3|L", "t*99999999999999999999|L", "t*65537",
    "(tt|)*40000", "E t|L", "ü",
  ])
  func anythingElseIsRefused(text: String) throws {
    let error = #expect(throws: FrontierError.self) { try StageLayout(text) }
    guard case .invalidSchedule(let fault) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(fault.field == "layout")
  }
}
