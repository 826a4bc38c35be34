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
      let place = document.position(of: $0.range.lower, in: .utf32)
      return "\(place.line + 1):\(place.character + 1) \($0.code.rawValue)"
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
    ("constraints = { denied_licences = [\"mit\"] }", "unknownName"),
    ("constraints = { denied_pairs = [[\"clip\", \"gpt\"]] }", "unknownName"),
    ("search = { budget = { grid_fraction = 0.0001 } }", "budgetBelowOneTrial"),
    ("search = { budget = { trials = 0 } }", "budgetBelowOneTrial"),
  ])
  func rulesThatDoNotFitThePoolAreFound(_ line: String, _ code: String) {
    let found = Self.read(Self.pool.replacing("[pool]\n", with: "[pool]\n\(line)\n")).problems
    #expect(found.map(\.code.rawValue) == [code], "\(found)")
  }

  /// A chosen candidate that the pool does not have is a warning at what it lacks.
  @Test(arguments: [
    ("encoder = \"clip\"\nlanguage_model = \"phi\"", []),
    ("encoder = \"clop\"\nlanguage_model = \"phi\"", ["2:11 unknownName"]),
    ("encoder = \"phi\"\nlanguage_model = \"clip\"", ["2:11 unknownName", "3:18 unknownName"]),
    ("encoder = \"clip\"\nlanguage_model = \"qwen\"", ["1:1 unknownName"]),
    ("encoder = \"clip\"\nprojector = \"mlp\"\nlanguage_model = \"phi\"", ["3:13 unknownName"]),
  ])
  func aModelOutsideThePoolIsFound(_ model: String, _ expected: [String]) {
    let pool = Self.pool.replacing(
      "[pool]\n", with: "[pool]\nconstraints = { denied_pairs = [[\"clip\", \"qwen\"]] }\n")
    #expect(places("[model]\n\(model)\n" + pool) == expected)
    // Without a pool there is nothing to compare it with.
    #expect(places("[model]\n\(model)\n") == [])
  }

  @Test func aModelWithoutAProjectorIsFoundWhereThePoolHasSome() {
    let pool = Self.pool.replacing("[pool]\n", with: "[pool]\nprojectors = [\"mlp\"]\n")
    let model = "[model]\nencoder = \"clip\"\nlanguage_model = \"phi\"\n"
    #expect(places(model + pool) == ["1:1 unknownName"])
    #expect(places(model + "projector = \"mlp\"\n" + pool) == [])
  }

  @Test(arguments: [
    ("denied_pairs = [[\"clipp\", \"qwen\"]]", "clip"),
    ("allowed_pairs = [[\"clip\", \"qwen\"], [\"clip\", \"pih\"]]", "phi"),
    ("denied_tags = [\"tini\"]", "tiny"), ("denied_licences = [\"Apache2.0\"]", "apache-2.0"),
    ("allowed_licences = [\"mit\", \"apache-2.0\", \"mti\"]", "mit"),
  ])
  func aNameThatIsNearlyOneOfThePoolIsOffered(_ rule: String, _ near: String) throws {
    let text = Self.pool.replacing(
      "[pool]\n",
      with: """
        [pool]
        constraints = { \(rule) }
        projectors = [{ id = "p", licence = "apache-2.0", tags = ["tiny"] }, { id = "r", licence = "mit" }]

        """
    ).replacing("\"clip\", {", with: "{ id = \"clip\", licence = \"mit\" }, {")
      .replacing("\"qwen\", \"phi\"", with: "{ id = \"qwen\", licence = \"mit\" }, { id = \"phi\", licence = \"mit\" }")
    let found = Self.read(text).problems
    let problem = try #require(found.first, "\(text)")
    #expect(
      found.count == 1 && problem.code == .unknownName && problem.remedy == "did you mean \"\(near)\"?", "\(found)")
    let fix = try #require(problem.fix)
    #expect(Self.read(Self.applied(fix, to: text)).problems.map(\.message) == [])
  }

  /// Who edits a manifest sends no requests.
  @Test(arguments: [
    (pipeline.replacing(/0,backward.*\n/, with: ""), "add the missing measurements to the profile"),
    (pipeline.replacing("80.0", with: "[80.0, 80.0]"), "one for each rank"),
    (pipeline.replacing("schedule = \"1f1b\"\n", with: "schedule = \"interleaved1f1b\"\n"), ""),
    (pipeline.replacing("schedule = \"1f1b\"\n", with: ""), ""),
    (pipeline.replacing("80.0", with: "80.0\npower_limit_watts = 10.0\ngpus = [\"x\"]"), ""),
    (pipeline.replacing("blocking_power_watts = 80.0\n", with: ""), ""),
    (pool.replacing("language_models = [\"qwen\", \"phi\"]\n", with: ""), "both kinds of models"),
    (pool.replacing(/\[pool.task\][\s\S]*/, with: ""), ""),
    (pool.replacing("language_models = [", with: "language_models = [{ id = \"g\", cost_weight = 2.0 }, "), ""),
    (pool.replacing("language_models = [", with: "language_models = [{ id = \"qwen\", family = \"q\" }, "), ""),
  ])
  func remediesSayWhatToDoInTheManifest(_ text: String, _ remedy: String) {
    let found = Self.read(text).problems
    #expect(!found.isEmpty || remedy.isEmpty, "\(text)")
    #expect(found.contains { $0.remedy?.contains(remedy) ?? false } || remedy.isEmpty, "\(found)")
    for problem in found {
      let words = "\(problem.message) \(problem.remedy ?? "")".split { !$0.isLetter && $0 != "/" }
      for word in words {
        #expect(!Self.requests.contains(String(word)), "\(problem)")
      }
    }
  }

  private static let requests: Set<String> = Set(Catalogue.routes.map(\.name)).union([
    "send", "submit", "register", "request", "submission", "session", "initialize", "roots",
  ])

  /// An editor's server reads only what lies beside the manifest.
  @Test func aFileElsewhereIsToBeMovedOrWrittenDown() throws {
    let text = Self.pipeline.replacing(/csv_text[\s\S]*"""\n/, with: "csv_path = \"/etc/hostname\"\n")
    let problems = ManifestReader(SyntaxTree(text, .toml), files: FileAccess(folder: "/usr")).problems
    #expect(problems.map(\.code) == [.unreadableFile])
    #expect(
      problems.first?.remedy == "move the file into the manifest's folder, or write its text as csv_text", "\(problems)"
    )
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

  /// A task needs a metric, or several, though neither field alone is required.
  @Test(arguments: [
    "[pool]\nencoders = [\"a\"]\nlanguage_models = [\"b\"]\n",
    "pool = { encoders = [\"a\"], language_models = [\"b\"] }\n",
  ])
  func theTaskThatIsAddedIsValid(_ text: String) throws {
    let problems = Self.read(text).problems
    #expect(
      problems.map(\.message) == ["pool lacks task: expected a table with name, alignment_sample_count and metric"])
    let mended = Self.applied(try #require(problems.first?.fix), to: text)
    #expect(Self.read(mended).problems.map(\.message) == [], "\(mended)")
    #expect(mended.contains("metric = {"), "\(mended)")
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
