import Basics
import JSON
import ManifestText
import Sessions
import Testing
import TrimtabServer

@Suite struct ManifestTests {
  static let pool = """
    [pool]
    encoders = ["clip", { id = "siglip", parameter_count = 400_000_000, family = "siglip" }]
    language_models = ["qwen", "phi"]

    [pool.task]
    name = "vqa"
    alignment_sample_count = 558_000
    metric = { name = "accuracy", direction = "maximize" }

    """
  static let pipeline = """
    [pipeline]
    stages = 1
    microbatches = 2
    schedule = "1f1b"
    blocking_power_watts = 80.0
    switch_latency_seconds = 0.01

    [profile]
    csv_text = \"\"\"
    stage,instruction,frequency,time,energy
    0,forward,1410,0.1,30
    0,forward,1000,0.13,25
    0,backward,1410,0.2,60
    0,backward,1000,0.26,50
    \"\"\"

    """

  static func read(_ text: String, _ language: SyntaxTree.Language = .toml) -> ManifestReader {
    ManifestReader(SyntaxTree(text, language), files: .init(roots: []))
  }

  /// The problems of a text as `line:column code`.
  private func places(_ text: String, _ language: SyntaxTree.Language = .toml) -> [String] {
    let document = TextDocument(text)
    return Self.read(text, language).problems.map {
      let place = lines.position(of: $0.range.lower)
      return "\(place.line):\(place.column) \($0.code.rawValue)"
    }
  }

  @Test func aWholeManifestHasNoProblemAndReadsAsRequests() throws {
    let reader = Self.read(
      "name = \"x\"\nseed = 3\n" + Self.pool + "[search]\nbudget = { grid_fraction = 0.5 }\n" + Self.pipeline
        + "[objective]\ndeadline_seconds = 0.7\n[frontier]\nplan_count = 5\n")
    #expect(reader.problems.map(\.message) == [])
    let manifest = reader.manifest
    #expect(manifest.name == "x" && manifest.seed == 3)
    #expect(manifest.pool?.json["encoders"]?[0]?["id"] == "clip")
    #expect(manifest.pool?.json["search"]?["budget"]?["gridFraction"] == 0.5)
    #expect(manifest.pipelineName == "pipeline")
    #expect(manifest.objective?.json["deadlineSeconds"] == 0.7)
    #expect(manifest.frontier?.json["planCount"] == 5)
  }

  @Test(arguments: [
    ("nam = 1", "1:1 unknownKey"), ("name = 1", "1:8 invalidValue"), ("deadline_seconds = 1", "1:1 unknownKey"),
    ("name = 2026-11-27", "1:8 invalidValue"), ("seed = nan", "1:8 invalidValue"), ("gpus = 0", "1:8 invalidValue"),
    ("gpus = [{ node = \"a\" }]", "1:9 missingKey"), ("gpus = [\"0\", \"0\"]", "1:8 invalidValue"),
    ("limits = { trail = 1 }", "1:12 unknownKey"), ("environment = { A = 1 }", "1:21 invalidValue"),
    ("pool = 3", "1:8 invalidValue"), ("[objective]\nobjective = \"cheepest\"", "2:13 invalidValue"),
    ("[objective]", "1:1 missingKey"), ("[profile]", "1:1 missingKey"),
    ("[objective]\ndeadlineSeconds = 1", "2:1 keyInCamelCase"),
    ("[pipeline]\nstages = 2\nschedule = \"gpipe\"\nmicrobatches = 0\nblocking_power_watts = 1", "4:16 invalidValue"),
    ("command = \"x\"\nstate = \"s\"", "1:1 missingKey"), ("name = ", "1:8 syntax"), ("[search]", "1:1 missingKey"),
  ])
  func eachMistakeHasItsPlace(_ text: String, _ expected: String) {
    let found = places(text)
    #expect(found.contains(expected), "\(text): \(found)")
    #expect(found.count == 1 || text == "[search]", "\(text): \(found)")
  }

  @Test func allMistakesOfASectionAreNamedAtOnce() {
    let text = """
      [pool]
      encoders = [{ id = "clip", parameter_count = -1 }, {}, 3]
      language_models = ["qwen"]
      [pool.task]
      name = "vqa"
      metric = { name = "accuracy", direction = "maximise", range = [1, 0] }
      [search]
      strategy = "rase"
      budget = { trials = -1 }
      """
    #expect(
      places(text) == [
        "2:46 invalidValue", "2:52 missingKey", "2:56 invalidValue", "4:1 missingKey", "6:43 invalidValue",
        "6:63 invalidValue", "8:12 invalidValue", "9:21 invalidValue",
      ])
  }

  @Test(arguments: [
    ("constraints = { denied_tags = [\"x\"] }", "unknownName"),
    ("constraints = { allowed_pairs = [[\"clip\", \"gpt\"]] }", "invalidPool"),
    ("search = { budget = { grid_fraction = 0.0001 } }", "budgetBelowOneTrial"),
    ("search = { budget = { trials = 0 } }", "budgetBelowOneTrial"),
  ])
  func rulesThatDoNotFitThePoolAreFound(_ line: String, _ code: String) {
    let found = Self.read(Self.pool.replacing("[pool]\n", with: "[pool]\n\(line)\n")).problems
    #expect(found.map(\.code.rawValue) == [code], "\(found)")
  }

  @Test func gpusThatAreTooSmallAreFound() {
    let text =
      "gpus = [{ id = \"0\", memory_bytes = 1_000 }]\n"
      + Self.pool.replacing("\"qwen\", \"phi\"", with: "{ id = \"qwen\", memory_bytes = 2_000 }")
    #expect(places(text) == ["1:8 invalidPool"])
  }

  @Test(arguments: [
    ("deadline_seconds = 0.01", "deadlineBelowFastest"), ("switch_latency_seconds = 0.01", "switchLatencyUnset"),
    ("0,forward,1410,0.1,30\n0,forward,1000,0.13,25", "incompleteProfile"), ("1000,0.13,25", "invalidProfile"),
    ("0,backward,1000,0.26,50", "implausibleProfile"),
  ])
  func whatDoesNotFitThePipelineIsFound(_ piece: String, _ code: String) {
    let changed: String =
      switch code {
      case "deadlineBelowFastest": Self.pipeline + "[objective]\n\(piece)\n"
      case "invalidProfile": Self.pipeline.replacing(piece, with: "1000,-1,25")
      default: Self.pipeline.replacing(piece + "\n", with: "")
      }
    let found = Self.read(changed).problems
    #expect(found.map(\.code.rawValue) == [code], "\(found)")
  }

  @Test func anUnreadableProfileIsFoundAtItsPath() {
    let text = Self.pipeline.replacing(/csv_text[\s\S]*"""\n/, with: "csv_path = \"nowhere.csv\"\n")
    #expect(places(text) == ["9:12 unreadableFile"])
    // An editor that leaves files unread says nothing of them.
    #expect(ManifestReader(SyntaxTree(text, .toml), files: nil).problems.isEmpty)
  }

  private static let task = """
    [pool.task]
    name = "t"
    alignment_sample_count = 10
    metric = { name = "m", direction = "maximize" }

    """

  /// What is offered as a fix mends its problem, and makes no other.
  @Test(arguments: [
    "nam = \"x\"", "[objective]\ndeadlineSeconds = 1.0", "[objective]\nobjective = \"cheepest\"", "name = 2026-11-27",
    "command = \"x\"\n" + pool, pool.replacing("alignment_sample_count = 558_000\n", with: ""),
    pool.replacing("name = \"accuracy\", ", with: ""), pool.replacing("encoders", with: "encodrs"),
    pipeline.replacing("switch_latency_seconds = 0.01\n", with: ""), pipeline + "[objective]\ndeadline_seconds = 0.1\n",
    pool + "[search]\nstrategy = \"rase\"\n", "[pool]\nencoders = \"a\"\nlanguage_models = [\"b\"]\n" + task,
    "gpus = [{ node = \"a\" }]",
  ])
  func aFixMendsItsProblem(_ text: String) throws {
    var text = text
    let first = Self.read(text).problems
    #expect(!first.isEmpty)
    // What was hidden behind a problem shows once that is mended.
    for _ in 0..<first.count + 1 {
      guard let fix = Self.read(text).problems.lazy.compactMap(\.fix).first else { break }
      text = Self.applied(fix, to: text)
    }
    #expect(Self.read(text).problems.map(\.message) == [], "\(text)")
  }

  private static func applied(_ fix: ManifestProblem.Fix, to text: String) -> String {
    var bytes = Array(text.utf8)
    for edit in fix.edits.sorted(by: { $0.range.lower > $1.range.lower }) {
      bytes.replaceSubrange(edit.range.lower..<edit.range.upper, with: Array(edit.text.utf8))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func jsonManifestsReadAlike() {
    let text = """
      {"name": "x", "pool": {"encoders": ["clip"], "language_models": ["qwen"],
        "task": {"name": "vqa", "metric": {"name": "accuracy", "direction": "maximize"}}}, "gpus": "all"}
      """
    #expect(places(text, .json) == ["2:3 missingKey"])
    let fix = Self.read(text, .json).problems[0].fix
    #expect(fix.map { Self.read(Self.applied($0, to: text), .json).problems.map(\.message) } == [])
  }

  // MARK: The schema

  @Test func everyKeyOfTheSchemaIsFoundByItsPath() {
    func check(_ fields: [FieldSchema], _ path: SyntaxPath) {
      for field in fields {
        let inner = path + [.key(ExactString(field.name))]
        #expect(ManifestSchema.field(at: inner)?.name == field.name)
        #expect(field.name == field.name.lowercased())
        check(field.type.children, inner)
      }
    }
    check(ManifestSchema.fields, [])
    #expect(ManifestSchema.fields(of: [.key("pool"), .key("encoders"), .index(1)]).map(\.name).contains("licence"))
    #expect(ManifestSchema.field(at: [.key("search"), .key("budget"), .key("gpu_seconds")])?.unit == "GPU s")
    #expect(ManifestSchema.field(at: [.key("nothing")]) == nil)
    #expect(ManifestSchema.fields(of: [.key("pool")]).allSatisfy { $0.name != "session" })
  }
}
