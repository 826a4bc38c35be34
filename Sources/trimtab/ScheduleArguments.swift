internal import EnergyFrontier
internal import Sessions
internal import TrimtabServer

/// The schedule that the options name: generated from its name and sizes, or read from a CSV file.
struct ScheduleArguments {
  static let options: Set<String> = [
    "--schedule", "--schedule-csv", "--stages", "--microbatches", "--chunks-per-rank", "--microbatch-group-size",
  ]
  static let help = """
      --stages N                 pipeline stages
      --microbatches N           microbatches in one iteration
      --schedule NAME            \(PipelineSchedule.allCases.map(\.rawValue).joined(separator: ", ")) (1f1b)
      --chunks-per-rank N        stages on each rank of an interleaved schedule
      --microbatch-group-size N  microbatches that one runs through a chunk before the next
      --schedule-csv FILE        instead of these five: a schedule as PyTorch writes it, a row for each rank
    """

  private enum Source {
    case recipe(ScheduleRecipe)
    case file(path: String, ExpandedSchedule)
  }

  private let source: Source

  /// Reads the options, and the file if they name one.
  ///
  /// - Throws: ``CommandFailure``: `usage` for options that contradict each other or name no schedule, `noInput` and
  ///   `badInput` for the file.
  init(_ arguments: Arguments) throws(CommandFailure) {
    if let path = arguments.text("--schedule-csv") {
      let others = Self.options.subtracting(["--schedule-csv"]).filter { arguments.text($0) != nil }.sorted()
      guard others.isEmpty else {
        throw CommandFailure(
          status: .usage,
          message:
            "--schedule-csv: expected none of the options that the file answers, found \(others.joined(separator: " "))"
        )
      }
      source = .file(path: path, try Self.read(path))
    } else {
      source = .recipe(try Self.recipe(arguments))
    }
  }

  /// The schedule written out.
  func expanded() throws(CommandFailure) -> ExpandedSchedule {
    switch source {
    case .file(_, let schedule): return schedule
    case .recipe(let recipe):
      let (stages, microbatches) = (recipe.stageCount, recipe.microbatchCount)
      guard 2 * stages * microbatches <= Limits.instructionCount else {
        throw CommandFailure(
          status: .badInput,
          message: "--microbatches: expected at most \(Limits.instructionCount / 2 / stages) for \(stages) stages, "
            + "found \(microbatches); an iteration has at most \(Limits.instructionCount) instructions")
      }
      do throws(FrontierError) {
        return try ExpandedSchedule(recipe)
      } catch {
        throw CommandFailure(
          status: .badInput, message: "--schedule: \(Self.said(by: error)); change --stages or --microbatches")
      }
    }
  }

  /// The pipeline that runs it, every rank waiting at the same power.
  func definition(
    surroundings: SurroundingArguments, tensorParallelWidth: Int, contextParallelWidth: Int, dataParallelWidth: Int,
    blockingPowerWatts: Double
  ) throws(CommandFailure) -> PipelineDefinition {
    let schedule = try expanded()
    let powers = Array(repeating: blockingPowerWatts, count: schedule.rankCount)
    do throws(FrontierError) {
      var definition = try PipelineDefinition(
        schedule: schedule, surroundings: surroundings.value(stageCount: schedule.stageCount),
        tensorParallelWidth: tensorParallelWidth, dataParallelWidth: dataParallelWidth, rankBlockingPowerWatts: powers)
      definition.layout.contextParallelWidth = contextParallelWidth
      return definition
    } catch {
      throw CommandFailure(status: .badInput, message: "--schedule: \(Self.said(by: error)); change the schedule")
    }
  }

  /// As in "8 stages x 24 microbatches, 1f1b".
  var title: String {
    switch source {
    case .recipe(let recipe):
      "\(recipe.stageCount) stages x \(recipe.microbatchCount) microbatches, \(recipe.schedule.rawValue)"
    case .file(let path, let schedule):
      "\(schedule.stageCount) stages x \(schedule.microbatchCount) microbatches, "
        + (path.split(separator: "/").last.map(String.init) ?? path)
    }
  }

  private static func recipe(_ arguments: Arguments) throws(CommandFailure) -> ScheduleRecipe {
    let stages = try arguments.required("--stages", try arguments.integer("--stages", in: 1...4096))
    let microbatches = try arguments.required("--microbatches", try arguments.integer("--microbatches", in: 1...65_536))
    let name = arguments.text("--schedule") ?? PipelineSchedule.oneForwardOneBackward.rawValue
    guard let schedule = PipelineSchedule(rawValue: name) else {
      let known = PipelineSchedule.allCases.map(\.rawValue).joined(separator: " or ")
      throw CommandFailure(status: .usage, message: "--schedule: expected \(known), found \"\(name)\"")
    }
    let chunks = try arguments.integer("--chunks-per-rank", in: 1...4096)
    let group = try arguments.integer("--microbatch-group-size", in: 1...65_536)
    do throws(FrontierError) {
      return try ScheduleRecipe(
        schedule, stageCount: stages, microbatchCount: microbatches, chunksPerRank: chunks, microbatchGroupSize: group)
    } catch {
      throw CommandFailure(status: .usage, message: "--schedule: \(said(by: error))")
    }
  }

  private static func read(_ path: String) throws(CommandFailure) -> ExpandedSchedule {
    let text = try readFile(path, atMost: Limits.scheduleCharacters)
    do throws(FrontierError) {
      return try ScheduleCSV.parse(text)
    } catch {
      throw CommandFailure(status: .badInput, message: "\(path): \(said(by: error))")
    }
  }

  private static func said(by error: FrontierError) -> String {
    if case .invalidSchedule(let fault) = error { return "\(fault)" }
    return "\(error)"
  }
}

/// What an iteration has besides the forwards and backwards of its schedule.
struct SurroundingArguments {
  static let options: Set<String> = ["--transfer", "--backward-transfer"]
  static let flags: Set<String> = ["--data-loading", "--optimizer-step"]
  static let help = """
      --transfer SECONDS         from a forward's end until the next rank has its output (0)
      --backward-transfer S      the same for gradients on their way back (as --transfer)
      --data-loading             stage 0 loads data before each forward: rows with instruction dataLoading
      --optimizer-step           each rank steps the optimizer at its end: rows with optimizerStep
    """

  private let forward: Double?
  private let backward: Double?
  private let loadsData: Bool
  private let stepsOptimizer: Bool

  init(_ arguments: Arguments) throws(CommandFailure) {
    forward = try arguments.number("--transfer", atLeast: 0)
    backward = try arguments.number("--backward-transfer", atLeast: 0) ?? forward
    loadsData = arguments.has("--data-loading")
    stepsOptimizer = arguments.has("--optimizer-step")
  }

  func value(stageCount: Int) -> IterationExtras {
    var surroundings = IterationExtras()
    surroundings.dataLoadingStages = loadsData ? [0] : []
    surroundings.hasOptimizerStep = stepsOptimizer
    surroundings.forwardTransferSeconds = forward.map { Array(repeating: $0, count: stageCount - 1) } ?? []
    surroundings.backwardTransferSeconds = backward.map { Array(repeating: $0, count: stageCount - 1) } ?? []
    return surroundings
  }
}
