internal import Basics
internal import EnergyFrontier
internal import JSON
internal import Sessions
internal import TrimtabServer

/// `trimtab frontier`: the frontier of a measured profile, once, for people and scripts.
struct FrontierCommand {
  static let help = """
    trimtab frontier PROFILE.csv --blocking-power WATTS ...
      PROFILE.csv                columns stage,instruction,frequency,time,energy (s and J of one GPU)
      --blocking-power WATTS     what one GPU draws while it waits for others
    \(ScheduleArguments.help)
      --switch-latency SECONDS   what setting another clock takes, between two instructions (0)
      --switch-energy JOULES     what it draws beyond the blocking power, per GPU (0)
      --tensor-parallel N        GPUs that share a stage; energies count them all (1)
      --context-parallel N       GPUs that divide the sequence; energies count them all (1)
      --data-parallel N          replicas of the pipeline; energies count them all (1)
    \(SurroundingArguments.help)
      --plans N                  deadlines that get a plan of their own (\(CharacterizationOptions().deadlineCount))
      --rounds N                 rounds of longer search for better plans (0)
      --sufficient-gap FRACTION  no further search where a plan is this close to the lower bound (0)
      --bound-only               only the lower bound, no plans
      --breakpoint-budget N      corners of the bound traced exactly; with more it is bracketed (50000, or 0 for
                                 more than 16384 instructions)
      --tolerance FRACTION       how far a bracketed bound may lie below the exact one (\(CurvePrecision.defaultToleranceFraction))
      --deadline SECONDS         the plan to write, and to mark in the table (the fastest)
      --plan FILE.csv            write that plan as stage,instruction,microbatch,frequency
      --svg FILE                 draw the frontier
      --timeline FILE.svg        draw an iteration before and after that plan, coloured by power
      --savings                  also what others save while a straggler is 5 to 50 % slower
      --json                     print one JSON document instead of the table

    """

  private let profilePath: String
  private let blockingPowerWatts: Double
  private let schedule: ScheduleArguments
  private let switchCost: SwitchCost
  private let tensorParallelWidth: Int
  private let dataParallelWidth: Int
  private let contextParallelWidth: Int
  private let surroundings: SurroundingArguments
  private let options: CharacterizationOptions
  private let deadlineSeconds: Double?
  private let planPath: String?
  private let svgPath: String?
  private let timelinePath: String?
  private let printsJSON: Bool
  private let isBoundOnly: Bool
  private let printsSavings: Bool

  init(_ arguments: [String]) throws(CommandFailure) {
    let arguments = try Arguments(
      arguments,
      options: ScheduleArguments.options.union([
        "--blocking-power", "--tensor-parallel", "--data-parallel", "--switch-latency", "--switch-energy", "--plans",
        "--rounds",
        "--sufficient-gap",
        "--deadline", "--breakpoint-budget", "--tolerance", "--plan", "--svg", "--timeline", "--context-parallel",
      ]).union(SurroundingArguments.options),
      flags: SurroundingArguments.flags.union(["--json", "--bound-only", "--savings"]))
    guard arguments.words.count == 1 else {
      throw CommandFailure(
        status: .usage, message: "expected one PROFILE.csv, found \(arguments.words.count) words; see trimtab --help")
    }
    profilePath = arguments.words[0]
    blockingPowerWatts = try arguments.required(
      "--blocking-power", try arguments.number("--blocking-power", atLeast: 0))
    schedule = try ScheduleArguments(arguments)
    switchCost = SwitchCost(
      latencySeconds: try arguments.number("--switch-latency", atLeast: 0) ?? 0,
      energyJoules: try arguments.number("--switch-energy", atLeast: 0) ?? 0)
    tensorParallelWidth = try arguments.integer("--tensor-parallel", in: 1...65_536) ?? 1
    dataParallelWidth = try arguments.integer("--data-parallel", in: 1...65_536) ?? 1
    contextParallelWidth = try arguments.integer("--context-parallel", in: 1...65_536) ?? 1
    surroundings = try SurroundingArguments(arguments)
    options = CharacterizationOptions(
      deadlineCount: try arguments.integer("--plans", in: 2...4096) ?? CharacterizationOptions().deadlineCount,
      effort: PlanEffort(
        roundCount: try arguments.integer("--rounds", in: 0...1000) ?? PlanEffort().roundCount,
        sufficientGapFraction: try arguments.number("--sufficient-gap", atLeast: 0)
          ?? PlanEffort().sufficientGapFraction),
      precision: CurvePrecision(
        breakpointBudget: try arguments.integer("--breakpoint-budget", in: 0...1_000_000),
        toleranceFraction: try arguments.number("--tolerance", atLeast: CurvePrecision.leastToleranceFraction)
          ?? CurvePrecision.defaultToleranceFraction))
    deadlineSeconds = try arguments.number("--deadline", atLeast: 0)
    planPath = arguments.text("--plan")
    svgPath = arguments.text("--svg")
    timelinePath = arguments.text("--timeline")
    printsJSON = arguments.has("--json")
    isBoundOnly = arguments.has("--bound-only")
    printsSavings = arguments.has("--savings")
    guard
      !isBoundOnly
        || (!printsSavings && deadlineSeconds == nil && planPath == nil && svgPath == nil && timelinePath == nil
          && ["--plans", "--rounds", "--sufficient-gap"].allSatisfy { arguments.text($0) == nil })
    else {
      throw CommandFailure(
        status: .usage,
        message:
          "--bound-only: expected none of --plans, --rounds, --sufficient-gap, --deadline, --plan, --svg, --timeline and --savings, "
          + "which need plans")
    }
  }

  /// Computes, writes the files asked for, and prints the table or the document.
  func run() throws(CommandFailure) {
    let inputs = try readInputs()
    if isBoundOnly {
      let curve = try compute(inputs) { (progress) throws(FrontierError) in
        try LowerBoundCurve(of: inputs.problem, precision: options.precision, progress: progress)
      }
      let report = FrontierReport(curve: curve, plans: [], allMaxFrequency: inputs.allMaxFrequency)
      return try writeOutput(printsJSON ? report.json : report.boundTable(title: title))
    }
    let frontier = try compute(inputs) { (progress) throws(FrontierError) in
      try Frontier(of: inputs.problem, options: options, progress: progress)
    }
    let characterized = CharacterizedFrontier(inputs: inputs, frontier: frontier, generation: 1)
    let chosen = try chosenPlan(characterized)
    if let planPath { try writeFile(planPath, PlanCSV.text(characterized, characterized.frontier.plans[chosen])) }
    if let svgPath { try writeFile(svgPath, FrontierPicture(characterized, title: title).svg) }
    if let timelinePath {
      let plan = characterized.frontier.plans[chosen]
      try writeFile(timelinePath, TimelinePicture(characterized, plan, title: title).svg)
    }
    let report = FrontierReport(
      curve: frontier.curve, plans: frontier.plans, allMaxFrequency: inputs.allMaxFrequency,
      savings: printsSavings
        ? FrontierSavings.Params.usual.map { StragglerSavings(characterized, slowdownFraction: $0) } : [])
    try writeOutput(printsJSON ? report.json : report.table(title: title, chosen: chosen))
  }

  private var title: String {
    let name = profilePath.split(separator: "/").last.map(String.init) ?? profilePath
    return "\(name), \(schedule.title)"
  }

  private func readInputs() throws(CommandFailure) -> FrontierInputs {
    let text = try readFile(profilePath)
    var definition = try schedule.definition(
      surroundings: surroundings, tensorParallelWidth: tensorParallelWidth, contextParallelWidth: contextParallelWidth,
      dataParallelWidth: dataParallelWidth,
      blockingPowerWatts: blockingPowerWatts)
    definition.rankSwitchCosts = Array(repeating: switchCost, count: definition.rankBlockingPowerWatts.count)
    do throws(RequestError) {
      try Limits.check(definition)
      var profile = Profile()
      let rows = try ProfileCSV.parse(text)
      try definition.check(rows.map(\.table)) { _ in "stage" }
      try profile.merge(rows)
      tell(of: profile)
      return try FrontierInputs(definition, profile)
    } catch {
      throw CommandFailure(status: .badInput, message: "\(profilePath): \(error.message)")
    }
  }

  /// Prints which samples were left out of the result; a profile with one line for each setting has none.
  private func tell(of profile: Profile) {
    let odd = profile.rows.sorted { $0.key < $1.key }.flatMap(\.value).filter { !$0.combination.outliers.isEmpty }
    guard let first = odd.first else { return }
    let count = odd.reduce(0) { $0 + $1.combination.outliers.count }
    writeError(
      "trimtab: \(profilePath): left out \(count) of \(profile.sampleCount) samples, which are far from the others; "
        + "the first of stage \(first.table.stage) \(first.table.instruction) at \(first.setting.preview())\n")
  }

  private func compute<Result>(
    _ inputs: FrontierInputs, _ body: (ProgressHandle) throws(FrontierError) -> Result
  ) throws(CommandFailure) -> Result {
    let progress = ProgressBar()
    defer { progress.finish() }
    do throws(FrontierError) {
      return try body(ProgressHandle(report: { progress.show($0) }))
    } catch {
      throw CommandFailure(status: .badInput, message: "\(profilePath): expected a solvable problem, found \(error)")
    }
  }

  private func chosenPlan(_ characterized: CharacterizedFrontier) throws(CommandFailure) -> Int {
    guard let deadlineSeconds else { return 0 }
    if let index = characterized.frontier.planIndex(within: deadlineSeconds) { return index }
    throw CommandFailure(
      status: .badInput,
      message: "--deadline: expected at least \(characterized.frontier.minimumPlanTimeSeconds) s, "
        + "the fastest iteration there is, found \(deadlineSeconds) s")
  }
}
