internal import Basics
internal import EnergyFrontier
internal import JSON
internal import Sessions
internal import TrimtabServer

/// `trimtab frontier`: the frontier of a measured profile, once, for people and scripts.
struct FrontierCommand {
  static let help = """
    trimtab frontier PROFILE.csv --blocking-power WATTS ...   the least energy of a training iteration for each of its
                                 times, and at which clocks it is reached
      PROFILE.csv                columns stage,instruction,frequency,time,energy (s and J of one GPU); or a manifest,
                                 trimtab.toml, with pipeline, profile and objective, whose keys options override
      --blocking-power WATTS     what one GPU draws while it waits for others
    \(SubmissionArguments.help)
    \(ScheduleArguments.help)
      --switch-latency SECONDS   what setting another clock takes, between two instructions (0)
      --switch-energy JOULES     what it draws beyond the blocking power, per GPU (0)
    \(SwitchArguments.help)
      --most-switches N          changes of clock in an iteration on each rank, the one back included; 0: one clock
      --tensor-parallel N        GPUs that share a stage; energies count them all (1)
      --context-parallel N       GPUs that divide the sequence; energies count them all (1)
      --data-parallel N          replicas of the pipeline; energies count them all (1)
    \(ScheduleArguments.extrasHelp)
      --plans N                  deadlines that get a plan of their own (\(CharacterizationOptions().deadlineCount))
      --effort LEVEL             quick or standard (standard)
      --rounds N                 rounds of longer search for better plans (0)
      --time-budget SECONDS      rounds until this time has passed; says how many they were
      --sufficient-gap FRACTION  no further search where a plan is this close to the lower bound (0)
      --estimate TABLES          measured: plans on the tables as they are (default); smoothed: on what the samples of
                                 all stages say of the true ones, for noisy profiles
      --bound-only               only the lower bound, no plans
      --breakpoint-budget N      corners of the bound traced exactly; with more it is bracketed (by default as
                                 many as make 268 million corners times instructions)
      --tolerance FRACTION       how far a bracketed bound may lie below the exact one (\(CurvePrecision.defaultToleranceFraction))
      --deadline SECONDS         the plan to write, and to mark in the table (the fastest)
      --plan FILE.csv            write that plan as stage,instruction,microbatch,frequency
      --svg FILE                 draw the frontier
      --timeline FILE.svg        draw an iteration before and after that plan, coloured by power
      --savings                  also what others save while a straggler is 5 to 50 % slower
      --json                     print one JSON document instead of the table
      example: trimtab frontier profile.csv --stages 4 --microbatches 8 --blocking-power 80

    """

  private static let pipelineName = "pipeline"
  private static let mostRounds = 1000

  private let profilePath: String
  private let source: Source
  private let schedule: ScheduleArguments
  private let pipeline: PipelineRequest
  private let characterization: CharacterizationRequest
  private let timeBudgetSeconds: Double?
  /// The plan to write; the fastest without a deadline.
  private let target: FrontierTarget
  private let planPath: String?
  private let svgPath: String?
  private let timelinePath: String?
  private let printsJSON: Bool
  private let isBoundOnly: Bool
  private let printsSavings: Bool

  /// Where measurements come from.
  private enum Source {
    case file(SubmissionArguments)
    case manifest(rows: [ProfileRow], gpus: [GPU])
  }

  /// The options that are fields of pipeline/define beside those of the schedule.
  private static let rankOptions = FieldOptions([
    ("--blocking-power", "blockingPowerWatts"), ("--power-limit", "powerLimitWatts"),
    ("--switch-latency", "switchLatencySeconds"),
    ("--switch-energy", "switchEnergyJoules"), ("--most-switches", "mostSwitches"),
    ("--tensor-parallel", "tensorParallelWidth"),
    ("--context-parallel", "contextParallelWidth"), ("--data-parallel", "dataParallelWidth"),
  ])
  /// The options that are fields of frontier/characterize.
  private static let searchOptions = FieldOptions([
    ("--plans", "planCount"), ("--effort", "effort"), ("--rounds", "roundCount"),
    ("--sufficient-gap", "sufficientGapFraction"),
    ("--breakpoint-budget", "breakpointBudget"), ("--tolerance", "toleranceFraction"), ("--estimate", "estimate"),
  ])
  private static let targetOptions = FieldOptions([("--deadline", "deadlineSeconds")])

  init(_ arguments: [String]) throws(CommandFailure) {
    let arguments = try Arguments(
      arguments,
      options: ScheduleArguments.options.union(ScheduleArguments.extras.names).union(Self.rankOptions.names)
        .union(Self.searchOptions.names).union(Self.targetOptions.names)
        .union(SubmissionArguments.options).union(SwitchArguments.options).union([
          "--plan", "--svg", "--timeline", "--time-budget",
        ]),
      flags: ScheduleArguments.flags.union(ScheduleArguments.extrasFlags).union(["--json", "--bound-only", "--savings"])
    )
    guard arguments.words.count == 1 else {
      throw CommandFailure(
        status: .usage,
        message: "expected one PROFILE.csv or manifest, found \(arguments.words.count) words; see trimtab --help")
    }
    let manifest = try ManifestFile.isManifest(arguments.words[0]) ? ManifestJob(arguments.words[0]) : nil
    if let manifest {
      profilePath = manifest.profilePath
      source = .manifest(rows: try manifest.rows(SubmissionArguments.members(arguments)), gpus: manifest.gpus)
    } else {
      profilePath = arguments.words[0]
      _ = try arguments.required("--blocking-power", arguments.text("--blocking-power"))
      source = .file(try SubmissionArguments(arguments))
    }
    schedule = try ScheduleArguments(arguments, manifest: manifest?.pipeline ?? [:])
    pipeline = try schedule.request(
      Self.pipelineName, arguments, Self.rankOptions, SwitchArguments.members(arguments))
    let named: [String: JSON] = ["session": "session", "pipeline": .string(ExactString(Self.pipelineName))]
    timeBudgetSeconds = try arguments.number("--time-budget", atLeast: 0)
    let search = (manifest?.frontier ?? [:]).merging(named) { $1 }.merging(Self.searchOptions.members(arguments)) { $1 }
    var characterization = try Self.searchOptions.read(FrontierCharacterize.Params.self, search).request
    if timeBudgetSeconds != nil, arguments.text("--rounds") == nil {
      characterization.options.effort.roundCount = Self.mostRounds
    }
    self.characterization = characterization
    target =
      arguments.text("--deadline") == nil
      ? manifest?.target ?? .objective(.fastest)
      : try Self.targetOptions.read(
        FrontierQuery.Params.self, named.merging(Self.targetOptions.members(arguments)) { $1 }
      ).target
    planPath = arguments.text("--plan")
    svgPath = arguments.text("--svg")
    timelinePath = arguments.text("--timeline")
    printsJSON = arguments.has("--json")
    isBoundOnly = arguments.has("--bound-only")
    printsSavings = arguments.has("--savings")
    let ofPlans =
      [
        "--plans", "--effort", "--rounds", "--time-budget", "--sufficient-gap", "--deadline", "--plan", "--svg",
        "--timeline",
      ].filter { arguments.text($0) != nil } + (printsSavings ? ["--savings"] : [])
    guard !isBoundOnly || ofPlans.isEmpty else {
      throw CommandFailure(
        status: .usage,
        message: "--bound-only: expected no option that needs plans, found \(ofPlans.joined(separator: " "))")
    }
  }

  /// Computes, writes the files that were asked for, and prints the table or the document.
  func run() throws(CommandFailure) {
    var state = SessionState(name: "session", seed: 0)
    let rows: [ProfileRow]
    switch source {
    case .file(let submission):
      let profile = try readFile(profilePath)
      rows = try placed { () throws(RequestError) in try submission.rows(profile) }
    case .manifest(let read, let gpus):
      rows = read
      _ = state.register(gpus)
    }
    let diagnostics = try placed { () throws(RequestError) in
      _ = try state.define(pipeline)
      return try state.submit(ProfileSubmission(pipeline: Self.pipelineName, rows: rows)).answer.diagnostics
    }
    if let profile = state.profiles[ExactString(Self.pipelineName)] { reportOutliers(of: profile) }
    for line in ProfileDiagnostic.lines(diagnostics) { writeError("trimtab: \(profilePath): \(line)\n") }
    if isBoundOnly { return try printBound(of: state, diagnostics) }
    let noise = try placed { () throws(RequestError) in
      let progress = ProgressBar()
      defer { progress.finish() }
      let rounds = RoundBudget(seconds: timeBudgetSeconds)
      let product = try state.characterization(characterization, mayContinue: rounds.mayContinue)(
        ProgressHandle(report: { progress.show($0) }))
      progress.finish()
      if timeBudgetSeconds != nil, let summary = rounds.summary { writeError("trimtab: --time-budget: \(summary)\n") }
      return try state.publish(product, characterization).answer.noise
    }
    if let noise, characterization.estimate == .measured { writeError("trimtab: \(profilePath): \(noise.warning)\n") }
    let characterized = try placed { () throws(RequestError) in
      try state.currentFrontier(of: Self.pipelineName).characterized
    }
    let chosen = try placed { () throws(RequestError) in try characterized.plan(for: target).number }
    let plan = characterized.frontier.plans[chosen]
    if characterized.summary(ofPlan: chosen).assumesFreeSwitches {
      writeError(
        "trimtab: plan \(chosen) changes clocks \(plan.switchCount) times in an iteration; without --switch-latency "
          + "each change counts as no time\n")
    }
    if let planPath { try writeFile(planPath, PlanCSV.text(characterized, plan)) }
    if let svgPath { try writeFile(svgPath, FrontierPicture(characterized, title: title, chosen: chosen).svg) }
    if let timelinePath { try writeFile(timelinePath, TimelinePicture(characterized, plan, title: title).svg) }
    let report = FrontierReport(
      curve: characterized.frontier.curve, plans: characterized.frontier.plans,
      isOptimal: characterized.frontier.isOptimal,
      allMaxFrequency: characterized.inputs.allMaxFrequency,
      expectations: characterized.expected?.expectations ?? [], noise: noise, diagnostics: diagnostics,
      savings: printsSavings
        ? FrontierSavings.Params.usual.map { StragglerSavings(characterized, slowdownFraction: $0) } : [])
    try writeOutput(printsJSON ? report.json : report.table(title: title, chosen: chosen))
  }

  private func printBound(of state: SessionState, _ diagnostics: [ProfileDiagnostic]) throws(CommandFailure) {
    let (inputs, curve) = try placed { () throws(RequestError) in
      let progress = ProgressBar()
      defer { progress.finish() }
      return try state.lowerBound(characterization, progress: ProgressHandle(report: { progress.show($0) }))
    }
    let report = FrontierReport(
      curve: curve, plans: [], isOptimal: false, allMaxFrequency: inputs.allMaxFrequency, diagnostics: diagnostics)
    try writeOutput(printsJSON ? report.json : report.boundTable(title: title))
  }

  private var title: String {
    let name = profilePath.split(separator: "/").last.map(String.init) ?? profilePath
    return "\(name), \(schedule.title)"
  }

  /// Names the option that an error is about, or else the profile.
  private func placed<Value>(_ body: () throws(RequestError) -> Value) throws(CommandFailure) -> Value {
    do throws(RequestError) {
      return try body()
    } catch {
      let options = [
        ScheduleArguments.named, ScheduleArguments.extras, Self.rankOptions, FieldOptions(SwitchArguments.fields),
        Self.targetOptions,
      ]
      let option = options.lazy.compactMap { $0.option(ofPath: error.path) }.first
      throw CommandFailure(
        status: .badInput,
        message: option.map { "\($0): expected \(error.expected), found \(error.found); \(error.fix)" }
          ?? "\(profilePath): \(error.message)")
    }
  }

  /// Prints which samples were left out of the result; a profile with one line for each setting has none.
  private func reportOutliers(of profile: Profile) {
    let odd = profile.rows.sorted { $0.key < $1.key }.flatMap(\.value).filter { !$0.combination.outliers.isEmpty }
    guard let first = odd.first else { return }
    let count = odd.reduce(0) { $0 + $1.combination.outliers.count }
    writeError(
      "trimtab: \(profilePath): left out \(count) of \(profile.sampleCount) samples, which are far from the others; "
        + "the first of stage \(first.table.stage) \(first.table.instruction) at \(first.setting.preview())\n")
  }
}
