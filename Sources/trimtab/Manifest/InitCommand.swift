internal import Basics
internal import EnergyFrontier
internal import Files
internal import JSON
internal import ManifestText
internal import ModelSelection
internal import Sessions
internal import TrimtabServer

/// `trimtab init`: writes a manifest with comments, and says what is left to be filled in.
struct InitCommand {
  static let help = """
    trimtab init [FILE]          writes a manifest with comments (trimtab.toml): a search of models where the options
                                 name some, a pipeline where they name a profile or a configuration
      --profile FILE             measurements: columns stage,instruction,frequency,time,energy
      --megatron FILE            a script or argument list of Megatron-LM, which says the pipeline
      --torchtitan FILE          a TOML configuration of torchtitan, which says the pipeline
      --stages N                 pipeline stages
      --microbatches N           microbatches in one iteration
      --schedule NAME            \(PipelineSchedule.allCases.map(\.rawValue).joined(separator: ", "))
      --blocking-power WATTS     what one GPU draws while it waits for others
      --switch-latency SECONDS   what setting another clock takes
      --data-parallel N          replicas of the pipeline
      --slowdown FRACTION        how much longer an iteration may last than the fastest
      --deadline SECONDS         how long it may last
      --encoders A,B             vision encoders to choose from
      --projectors A,B           projectors, where there is a choice
      --language-models A,B      language models to choose from
      --task NAME                what the models are wanted for
      --samples N                samples of all its data
      --metric NAME              what candidates are scored by
      --direction maximize|minimize   which scores are better
      --command LINE             what the launcher runs for each trial
      --force                    replaces a file that is there
      example: trimtab init --profile profile.csv --megatron train.sh --blocking-power 80

    """

  /// The options that are fields of pipeline/define.
  private static let pipelineOptions = FieldOptions([
    ("--stages", "stages"), ("--microbatches", "microbatches"), ("--schedule", "schedule"),
    ("--blocking-power", "blockingPowerWatts"), ("--switch-latency", "switchLatencySeconds"),
    ("--data-parallel", "dataParallelWidth"),
  ])
  private static let objectiveOptions = FieldOptions([
    ("--slowdown", "slowdownFraction"), ("--deadline", "deadlineSeconds"),
  ])
  private static let poolOptions = [
    ("--encoders", "encoders"), ("--projectors", "projectors"), ("--language-models", "languageModels"),
  ]
  private static let taskOptions: Set<String> = ["--task", "--samples", "--metric", "--direction"]

  /// Where each option's value stands in the manifest, beside those that are fields of a table.
  private static let places: [(option: String, place: [String])] =
    poolOptions.map { ($0.0, ["pool", $0.1]) } + [
      ("--task", ["pool", "task", "name"]), ("--samples", ["pool", "task", "alignmentSampleCount"]),
      ("--metric", ["pool", "task", "metric", "name"]), ("--direction", ["pool", "task", "metric", "direction"]),
      ("--command", ["command"]), ("--profile", ["profile", "csvPath"]),
    ]

  private let path: String
  private let arguments: Arguments
  private var draft = ManifestDraft()
  private var notes: [String] = []

  init(_ arguments: [String]) throws(CommandFailure) {
    let parsed = try Arguments(
      arguments,
      options: Self.pipelineOptions.names.union(Self.objectiveOptions.names).union(Self.poolOptions.map(\.0))
        .union(Self.taskOptions).union(["--profile", "--megatron", "--torchtitan", "--command"]), flags: ["--force"])
    guard parsed.words.count <= 1 else {
      throw CommandFailure(
        status: .usage, message: "expected one manifest, found also \"\(parsed.words[1])\"; see trimtab init --help")
    }
    path = parsed.words.first ?? ManifestFile.names[0]
    guard parsed.text("--megatron") == nil || parsed.text("--torchtitan") == nil else {
      throw CommandFailure(status: .usage, message: "expected --megatron or --torchtitan, found both")
    }
    self.arguments = parsed
  }

  mutating func run() throws(CommandFailure) {
    guard arguments.has("--force") || !ManifestFile.exists(path) else {
      throw CommandFailure(
        status: .cannotWrite, message: "\(path): expected no such file, found one; --force replaces it")
    }
    let isPipeline =
      ["--profile", "--megatron", "--torchtitan"].contains { arguments.text($0) != nil }
      || Self.pipelineOptions.names.union(Self.objectiveOptions.names).contains { arguments.text($0) != nil }
    let isPool =
      Self.poolOptions.contains { arguments.text($0.0) != nil } || !isPipeline
      || Self.taskOptions.union(["--command"]).contains { arguments.text($0) != nil }
    if isPool { try addPool() }
    if isPipeline { try addPipeline() }
    let text = ManifestFile.language(of: path) == .json ? draft.json : draft.toml
    try checkOptions(text)
    try writeFile(path, text)
    let file = try ManifestFile(path)
    let problems = ManifestReader(file.tree, files: file.files).problems
    try writeOutput("wrote \(path)\n")
    for note in notes { try writeOutput("  not known: \(note)\n") }
    if !problems.isEmpty {
      try writeOutput("trimtab check says what is left to be filled in:\n")
      try writeOutput(CheckReport(file, problems).text)
    }
  }

  /// Refuses options whose values make an error of the manifest. What it lacks is left to be filled in, and what its
  /// other sources say, to be corrected.
  private func checkOptions(_ text: String) throws(CommandFailure) {
    let tree = SyntaxTree(Array(text.utf8), ManifestFile.language(of: path))
    let files = FileAccess(anywhereFrom: ManifestFile.folder(of: path))
    let problems = ManifestReader(tree, files: files).problems.filter { problem in
      problem.severity == .error && [.invalidValue, .deadlineBelowFastest].contains(problem.code)
    }
    let fields = ["pipeline": Self.pipelineOptions, "objective": Self.objectiveOptions].flatMap { table, options in
      options.fields.map { (option: $0.option, place: [table, $0.field]) }
    }
    for (option, place) in (Self.places + fields).sorted(by: { $0.option < $1.option }) {
      guard let value = arguments.text(option),
        let range = tree.node(at: place.map { .key(ExactString(ManifestName.key(of: $0))) })?.range,
        let problem = problems.first(where: { range.lower <= $0.range.lower && $0.range.upper <= range.upper })
      else { continue }
      throw CommandFailure(
        status: .usage,
        message: "\(option) \(Preview.quoted(value)): \(problem.message)\(problem.remedy.map { "; \($0)" } ?? "")"
          + "; nothing was written")
    }
  }

  // MARK: A search

  private mutating func addPool() throws(CommandFailure) {
    let example = Self.poolOptions.allSatisfy { arguments.text($0.0) == nil }
    draft.set("", "command", .string(arguments.text("--command") ?? "python train.py"))
    draft.set("", "state", "search")
    draft.set("", "gpus", 1)
    draft.offer("", "steps", 17_400)
    for (option, name) in Self.poolOptions {
      if let names = arguments.text(option) {
        guard !names.split(separator: ",").isEmpty else {
          throw CommandFailure(
            status: .usage, message: "\(option): expected names joined by commas, found \"\(names)\"")
        }
        draft.set("pool", name, .array(names.split(separator: ",").map { .string(String($0)) }))
      } else if example, name != "projectors" {
        draft.set("pool", name, name == "encoders" ? ["clip", "siglip"] : ["qwen", "phi"])
      } else {
        draft.offer("pool", name, ["mlp"])
      }
    }
    draft.offer("pool", "constraints", ["maximum_parameter_count": 9_000_000_000])
    draft.set("pool.task", "name", .string(arguments.text("--task") ?? "vqa"))
    let direction = arguments.text("--direction") ?? Metric.Direction.maximize.rawValue
    guard Metric.Direction(rawValue: direction) != nil else {
      throw CommandFailure(
        status: .usage, message: "--direction: expected maximize or minimize, found \"\(direction)\"")
    }
    draft.set(
      "pool.task", "metric",
      ["name": .string(arguments.text("--metric") ?? "accuracy"), "direction": .string(direction)])
    let samples = try arguments.integer("--samples", in: 1...(1 << 51))
    if let samples {
      draft.set("pool.task", "alignmentSampleCount", .integer(Int64(samples)))
    } else if example {
      draft.set("pool.task", "alignmentSampleCount", 558_000)
    } else {
      draft.offer("pool.task", "alignmentSampleCount", 558_000)
    }
    draft.offer("search", "strategy", "race")
    draft.offer("search", "budget", ["gpu_seconds": 360_000.0])
    draft.offer("limits", "report", 3600.0)
  }

  // MARK: A pipeline

  private mutating func addPipeline() throws(CommandFailure) {
    try readConfiguration()
    for (name, value) in Self.pipelineOptions.members(arguments).sorted(by: { $0.key < $1.key }) {
      draft.set("pipeline", name, value)
    }
    if let profile = arguments.text("--profile") { try addProfile(profile) }
    if draft.has("pipeline", "stages"), !draft.has("pipeline", "scheduleCSV") {
      if !draft.has("pipeline", "schedule") { draft.set("pipeline", "schedule", "1f1b") }
      draft.offer("pipeline", "microbatches", 8)
    }
    draft.offer("pipeline", "blockingPowerWatts", 80.0)
    draft.offer("pipeline", "switchLatencySeconds", 0.01)
    draft.offer("pipeline", "tensorParallelWidth", 2)
    let objectives = Self.objectiveOptions.members(arguments)
    for (name, value) in objectives.sorted(by: { $0.key < $1.key }) { draft.set("objective", name, value) }
    if objectives.isEmpty { draft.set("objective", "objective", "fastest") }
    draft.offer("objective", "slowdownFraction", 0.05)
  }

  private mutating func readConfiguration() throws(CommandFailure) {
    if let path = arguments.text("--megatron") {
      let found = MegatronArguments(try readFile(path))
      for (name, value) in found.fields { draft.set("pipeline", name, value) }
      add(found.notes)
    }
    if let path = arguments.text("--torchtitan") {
      let tree = SyntaxTree(try ManifestFile.bytes(path), .toml)
      if let error = tree.errors.first {
        throw CommandFailure(status: .badInput, message: "\(path): \(error.message); correct the file")
      }
      let found = TorchtitanConfiguration(tree)
      for (name, value) in found.fields { draft.set("pipeline", name, value) }
      if let csv = found.scheduleCSVPath { draft.set("pipeline", "scheduleCSV", .string(try readFile(csv))) }
      add(found.notes)
    }
  }

  /// What an option answers is known.
  private mutating func add(_ found: [String]) {
    notes += found.filter { note in
      !Self.pipelineOptions.names.contains { note.hasBytes(of: $0 + " ") && arguments.text($0) != nil }
    }
  }

  private mutating func addProfile(_ path: String) throws(CommandFailure) {
    let text = try readFile(path)
    let rows: [ProfileRow]
    do throws(RequestError) {
      rows = try ProfileCSV.parse(text, knobColumns: nil)
    } catch {
      throw CommandFailure(error, path: path)
    }
    if !draft.has("pipeline", "stages"), let last = rows.map(\.table.stage).max() {
      draft.set("pipeline", "stages", .integer(Int64(last + 1)))
    }
    draft.set("profile", "csvPath", .string(placed(path)))
  }

  /// A path as the manifest's folder has it.
  private func placed(_ path: String) -> String {
    let folder = ManifestFile.folder(of: self.path)
    if FilePath.isAbsolute(path) || folder == "." { return path }
    if FilePath.isBelow(path, folder) { return String(Substring(path.utf8.dropFirst(folder.utf8.count + 1))) }
    return (try? OpenFile(path).path) ?? path
  }
}
