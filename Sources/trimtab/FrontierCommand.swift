internal import EnergyFrontier
internal import Sessions
internal import TrimtabServer

/// `trimtab frontier`: the frontier of a measured profile, once, for people and scripts.
struct FrontierCommand {
  static let help = """
    trimtab frontier PROFILE.csv --stages N --microbatches N --blocking-power WATTS
      PROFILE.csv                columns stage,instruction,frequency,time,energy (s and J of one GPU)
      --stages N                 pipeline stages
      --microbatches N           microbatches in one iteration
      --blocking-power WATTS     what one GPU draws while it waits for others
      --schedule NAME            \(PipelineSchedule.allCases.map(\.rawValue).joined(separator: ", ")) (1f1b)
      --chunks-per-rank N        stages on each rank of an interleaved schedule
      --microbatch-group-size N  microbatches that one runs through a chunk before the next
      --tensor-parallel N        GPUs that share a stage; energies count them all (1)
      --context-parallel N       GPUs that divide the sequence; energies count them all (1)
      --data-parallel N          replicas of the pipeline; energies count them all (1)
      --transfer SECONDS         from a forward's end until the next rank has its output (0)
      --backward-transfer S      the same for gradients on their way back (as --transfer)
      --data-loading             stage 0 loads data before each forward: rows with instruction dataLoading
      --optimizer-step           each rank steps the optimizer at its end: rows with optimizerStep
      --plans N                  deadlines that get a plan of their own (\(CharacterizationOptions().deadlineCount))
      --bound-only               only the exact lower bound, no plans
      --deadline SECONDS         the plan to write, and to mark in the table (the fastest)
      --plan FILE.csv            write that plan as stage,instruction,microbatch,frequency
      --svg FILE                 draw the frontier
      --savings                  also what others save while a straggler is 5 to 50 % slower
      --json                     print one JSON document instead of the table

    """

  private let profilePath: String
  private let blockingPowerWatts: Double
  private let recipe: ScheduleRecipe
  private let tensorParallelWidth: Int
  private let dataParallelWidth: Int
  private let contextParallelWidth: Int
  private let surroundings: ScheduleSurroundings
  private let planCount: Int
  private let deadlineSeconds: Double?
  private let planPath: String?
  private let svgPath: String?
  private let printsJSON: Bool
  private let isBoundOnly: Bool
  private let printsSavings: Bool

  init(_ arguments: [String]) throws(CommandFailure) {
    let arguments = try Arguments(
      arguments,
      options: [
        "--stages", "--microbatches", "--blocking-power", "--schedule", "--tensor-parallel", "--data-parallel",
        "--plans", "--deadline", "--plan", "--svg", "--chunks-per-rank", "--microbatch-group-size",
        "--context-parallel", "--transfer", "--backward-transfer",
      ], flags: ["--json", "--bound-only", "--savings", "--data-loading", "--optimizer-step"])
    guard arguments.words.count == 1 else {
      throw CommandFailure(
        status: .usage, message: "expected one PROFILE.csv, found \(arguments.words.count) words; see trimtab --help")
    }
    profilePath = arguments.words[0]
    let stages = try arguments.required("--stages", try arguments.integer("--stages", in: 1...4096))
    let microbatches = try arguments.required("--microbatches", try arguments.integer("--microbatches", in: 1...65_536))
    blockingPowerWatts = try arguments.required(
      "--blocking-power", try arguments.number("--blocking-power", atLeast: 0))
    let name = arguments.text("--schedule") ?? PipelineSchedule.oneForwardOneBackward.rawValue
    guard let schedule = PipelineSchedule(rawValue: name) else {
      let known = PipelineSchedule.allCases.map(\.rawValue).joined(separator: " or ")
      throw CommandFailure(status: .usage, message: "--schedule: expected \(known), found \"\(name)\"")
    }
    do {
      recipe = try ScheduleRecipe(
        schedule, stageCount: stages, microbatchCount: microbatches,
        chunksPerRank: try arguments.integer("--chunks-per-rank", in: 1...4096),
        microbatchGroupSize: try arguments.integer("--microbatch-group-size", in: 1...65_536))
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure(status: .usage, message: "--schedule: \(Self.said(by: error))")
    }
    tensorParallelWidth = try arguments.integer("--tensor-parallel", in: 1...65_536) ?? 1
    dataParallelWidth = try arguments.integer("--data-parallel", in: 1...65_536) ?? 1
    contextParallelWidth = try arguments.integer("--context-parallel", in: 1...65_536) ?? 1
    surroundings = try Self.surroundings(arguments, stages: stages)
    planCount = try arguments.integer("--plans", in: 2...4096) ?? CharacterizationOptions().deadlineCount
    deadlineSeconds = try arguments.number("--deadline", atLeast: 0)
    planPath = arguments.text("--plan")
    svgPath = arguments.text("--svg")
    printsJSON = arguments.has("--json")
    isBoundOnly = arguments.has("--bound-only")
    printsSavings = arguments.has("--savings")
    guard
      !isBoundOnly
        || (!printsSavings && deadlineSeconds == nil && planPath == nil && svgPath == nil
          && arguments.text("--plans") == nil)
    else {
      throw CommandFailure(
        status: .usage,
        message: "--bound-only: expected none of --plans, --deadline, --plan, --svg and --savings, which need plans")
    }
  }

  /// Computes, writes the files asked for, and prints the table or the document.
  func run() throws(CommandFailure) {
    let inputs = try readInputs()
    if isBoundOnly {
      let curve = try compute(inputs) { (checkpoint) throws(FrontierError) in
        try LowerBoundCurve(of: inputs.problem, checkpoint: checkpoint)
      }
      let report = FrontierReport(curve: curve, plans: [], allMaxFrequency: inputs.allMaxFrequency)
      return try writeOutput(printsJSON ? report.json : report.boundTable(title: title))
    }
    let frontier = try compute(inputs) { (checkpoint) throws(FrontierError) in
      let options = CharacterizationOptions(deadlineCount: planCount)
      return try Frontier(of: inputs.problem, options: options, checkpoint: checkpoint)
    }
    let characterized = CharacterizedFrontier(inputs: inputs, frontier: frontier, generation: 1)
    let chosen = try chosenPlan(characterized)
    if let planPath { try writeFile(planPath, PlanCSV.text(characterized, characterized.frontier.plans[chosen])) }
    if let svgPath { try writeFile(svgPath, FrontierPicture(characterized, title: title).svg) }
    let report = FrontierReport(
      curve: frontier.curve, plans: frontier.plans, allMaxFrequency: inputs.allMaxFrequency,
      savings: printsSavings
        ? FrontierSavings.Params.usual.map { StragglerSavings(characterized, slowdownFraction: $0) } : [])
    try writeOutput(printsJSON ? report.json : report.table(title: title, chosen: chosen))
  }

  private var title: String {
    let name = profilePath.split(separator: "/").last.map(String.init) ?? profilePath
    return "\(name), \(recipe.stageCount) stages x \(recipe.microbatchCount) microbatches, \(recipe.schedule.rawValue)"
  }

  private func readInputs() throws(CommandFailure) -> FrontierInputs {
    let text = try FileAccess.read(profilePath) {
      CommandFailure(
        status: .noInput, message: "\(profilePath): expected a readable UTF-8 file, found: \($0); check the path")
    }
    do throws(Refusal) {
      let definition = try definition()
      try Limits.check(definition)
      var profile = Profile()
      let rows = try ProfileCSV.parse(text)
      try definition.check(rows.map(\.table)) { _ in "stage" }
      try profile.merge(rows)
      return try FrontierInputs(definition, profile)
    } catch {
      throw CommandFailure(status: .badInput, message: "\(profilePath): \(error.message)")
    }
  }

  private func compute<Result>(
    _ inputs: FrontierInputs, _ body: (Checkpoint) throws(FrontierError) -> Result
  ) throws(CommandFailure) -> Result {
    let progress = ProgressBar()
    defer { progress.finish() }
    do throws(FrontierError) {
      return try body(Checkpoint(report: { progress.show($0) }))
    } catch {
      throw CommandFailure(status: .badInput, message: "\(profilePath): expected a solvable problem, found \(error)")
    }
  }

  private func definition() throws(Refusal) -> PipelineDefinition {
    let (stages, microbatches) = (recipe.stageCount, recipe.microbatchCount)
    guard 2 * stages * microbatches <= Limits.instructionCount else {
      throw Refusal(
        .invalidPipeline, path: "--microbatches",
        expected: "at most \(Limits.instructionCount / 2 / stages) for \(stages) stages", found: "\(microbatches)",
        fix: "an iteration has at most \(Limits.instructionCount) instructions")
    }
    do throws(FrontierError) {
      var definition = try PipelineDefinition(
        recipe: recipe, surroundings: surroundings, tensorParallelWidth: tensorParallelWidth,
        dataParallelWidth: dataParallelWidth,
        rankBlockingPowerWatts: Array(repeating: blockingPowerWatts, count: recipe.rankCount))
      definition.layout.contextParallelWidth = contextParallelWidth
      return definition
    } catch {
      throw Refusal(
        .invalidPipeline, expected: "a schedule of a defined size", found: Self.said(by: error),
        fix: "change --stages or --microbatches")
    }
  }

  private static func surroundings(
    _ arguments: Arguments, stages: Int
  ) throws(CommandFailure) -> ScheduleSurroundings {
    let forward = try arguments.number("--transfer", atLeast: 0)
    let backward = try arguments.number("--backward-transfer", atLeast: 0) ?? forward
    var surroundings = ScheduleSurroundings()
    surroundings.dataLoadingStages = arguments.has("--data-loading") ? [0] : []
    surroundings.hasOptimizerStep = arguments.has("--optimizer-step")
    surroundings.forwardTransferSeconds = forward.map { Array(repeating: $0, count: stages - 1) } ?? []
    surroundings.backwardTransferSeconds = backward.map { Array(repeating: $0, count: stages - 1) } ?? []
    return surroundings
  }

  private static func said(by error: any Error) -> String {
    if case .invalidSchedule(let fault) = error as? FrontierError { return "\(fault)" }
    return "\(error)"
  }

  private func chosenPlan(_ characterized: CharacterizedFrontier) throws(CommandFailure) -> Int {
    guard let deadlineSeconds else { return 0 }
    if let index = characterized.frontier.planIndex(within: deadlineSeconds) { return index }
    throw CommandFailure(
      status: .badInput,
      message: "--deadline: expected at least \(characterized.frontier.curve.minimumTimeSeconds) s, "
        + "the fastest iteration there is, found \(deadlineSeconds) s")
  }
}
