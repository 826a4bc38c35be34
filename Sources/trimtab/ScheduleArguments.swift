internal import Basics
internal import EnergyFrontier
internal import JSON
internal import Sessions
internal import TrimtabServer

/// The schedule that the options name: generated from its name and sizes, or read from a CSV file.
struct ScheduleArguments {
  static let options = named.names.union(["--schedule-csv"])
  static let flags: Set<String> = [keepCommunication]
  private static let keepCommunication = "--keep-communication"
  static let help = """
      --stages N                 pipeline stages
      --microbatches N           microbatches in one iteration
      --schedule NAME            \(PipelineSchedule.allCases.map(\.rawValue).joined(separator: ", ")) (1f1b)
      --chunks-per-rank N        stages on each rank of an interleaved schedule
      --microbatch-group-size N  microbatches that one runs through a chunk before the next
      --encoder-stages N,N       stages of each encoder of encoders1f1b, before the decoder's
      --schedule-csv FILE        instead of these six: a schedule as PyTorch writes it, a row for each rank
      --keep-communication       its SEND_F, RECV_F, UNSHARD and so on are instructions, too: sendForward and others in
                                 the profile, or without time
    """

  /// The options that are fields of pipeline/define.
  static let named = FieldOptions([
    ("--stages", "stages"), ("--microbatches", "microbatches"), ("--schedule", "schedule"),
    ("--chunks-per-rank", "chunksPerRank"), ("--microbatch-group-size", "microbatchGroupSize"),
    ("--encoder-stages", "encoderStages"),
  ])

  /// The options about what an iteration does beside its forwards and backwards.
  static let extras = FieldOptions([
    ("--transfer", "transferSeconds"), ("--backward-transfer", "backwardTransferSeconds"), ("--layout", "layout"),
  ])
  static let extrasFlags: Set<String> = ["--data-loading", "--optimizer-step"]
  static let extrasHelp = """
      --layout LAYOUT            layers of each stage as Megatron writes them; stages without any take no time
      --transfer SECONDS         from a forward's end until the next rank has its output (0)
      --backward-transfer S      the same for gradients on their way back (as --transfer)
      --data-loading             stage 0 loads data before each forward: rows with instruction dataLoading
      --optimizer-step           each rank steps the optimizer at its end: rows with optimizerStep
    """

  /// The fields that say which schedule it is.
  private let fields: [String: JSON]
  /// The fields of a manifest's pipeline, which options override.
  private let manifest: [String: JSON]
  private let csvPath: String?
  /// Written out and checked.
  let schedule: ExpandedSchedule

  /// What says where instructions come from.
  private static let sources: Set<String> = [
    "schedule", "scheduleCSV", "keepCommunication", "instructions", "dependencies",
  ]

  /// Reads the options, and the file if they name one.
  ///
  /// - Parameter manifest: the fields of a manifest's pipeline; an option overrides the field of its name.
  /// - Throws: ``CommandFailure``: `usage` for options that contradict each other or name no schedule, `noInput` and
  ///   `badInput` for the file.
  init(_ arguments: Arguments, manifest: [String: JSON] = [:]) throws(CommandFailure) {
    csvPath = arguments.text("--schedule-csv")
    let keepsCommunication = arguments.has(Self.keepCommunication)
    if let csvPath {
      let others = Self.named.names.filter { arguments.text($0) != nil }.sorted()
      guard others.isEmpty else {
        throw CommandFailure(
          status: .usage,
          message:
            "--schedule-csv: expected none of the options that the file answers, found \(others.joined(separator: " "))"
        )
      }
      let text = try readFile(csvPath, atMost: Limits.scheduleCharacters)
      self.manifest = manifest.filter { !Self.sources.contains($0.key) }
      var csv = CSVSchedule(text)
      csv.keepsCommunication = keepsCommunication
      schedule = try Self.placed(csvPath) { () throws(RequestError) in try csv.expanded() }
      var fields: [String: JSON] = [
        "scheduleCSV": .string(ExactString(text)), "stages": .integer(Int64(schedule.stageCount)),
      ]
      if keepsCommunication { fields["keepCommunication"] = true }
      self.fields = fields
    } else {
      guard !keepsCommunication else {
        throw CommandFailure(
          status: .usage,
          message: "\(Self.keepCommunication): expected --schedule-csv FILE beside it, found none; a manifest says "
            + "keep_communication = true")
      }
      let named = Self.named.members(arguments)
      if manifest.isEmpty {
        for option in ["--stages", "--microbatches"] { _ = try arguments.required(option, arguments.text(option)) }
        fields = named.merging(["schedule": "1f1b"]) { given, _ in given }
      } else {
        fields = named
      }
      self.manifest = named["schedule"] == nil ? manifest : manifest.filter { !Self.sources.contains($0.key) }
      let source = try Self.read(self.manifest, arguments, fields).source
      schedule = try Self.placed(nil) { () throws(RequestError) in try source.expanded() }
    }
  }

  /// A request for a pipeline that runs the schedule.
  ///
  /// - Parameters:
  ///   - options: the other options that are fields of pipeline/define.
  ///   - further: fields of it that other options gave.
  func request(
    _ name: String, _ arguments: Arguments, _ options: FieldOptions, _ further: [String: JSON] = [:]
  ) throws(CommandFailure) -> PipelineRequest {
    var others = manifest.merging(Self.extras.members(arguments)) { $1 }.merging(options.members(arguments)) { $1 }
      .merging(further) { $1 }
    others["pipeline"] = .string(ExactString(name))
    if arguments.has("--data-loading") { others["dataLoadingStages"] = [0] }
    if arguments.has("--optimizer-step") { others["optimizerStep"] = true }
    return try Self.read(others, arguments, fields, options)
  }

  private static func read(
    _ others: [String: JSON], _ arguments: Arguments, _ fields: [String: JSON], _ options: FieldOptions? = nil
  ) throws(CommandFailure) -> PipelineRequest {
    let minimal: [String: JSON] = ["session": "session", "pipeline": "pipeline", "blockingPowerWatts": 0]
    // Of two sources of one field an option is the nearer one.
    let all = minimal.merging(others) { $1 }.merging(fields) { $1 }
    return try FieldOptions([named, extras, options].compactMap { $0 }).read(PipelineDefine.Params.self, all).request
  }

  /// As in "8 stages x 24 microbatches, 1f1b".
  var title: String {
    let name =
      csvPath.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
      ?? (fields["schedule"] ?? manifest["schedule"])?.stringValue?.text ?? "a schedule of its own"
    return "\(schedule.stageCount) stages x \(schedule.microbatchCount) microbatches, \(name)"
  }

  private static func placed<Value>(
    _ path: String?, _ body: () throws(RequestError) -> Value
  ) throws(CommandFailure) -> Value {
    do throws(RequestError) {
      return try body()
    } catch {
      let place = path ?? named.option(ofPath: error.path) ?? "--schedule"
      throw CommandFailure(
        status: .badInput, message: "\(place): expected \(error.expected), found \(error.found); \(error.fix)")
    }
  }
}
