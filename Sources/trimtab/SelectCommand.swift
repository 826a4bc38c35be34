internal import Basics
internal import JSON
internal import ModelSelection
internal import Sessions
internal import TrimtabServer

/// `trimtab select`: replays recorded learning curves through a search, and prints what it suggests and spends.
struct SelectCommand {
  static let help = """
    trimtab select [POOL.json] --curves CURVES.csv   replays recorded learning curves through a search
      POOL.json                  the candidates, rules, task and settings, as pool/submit takes them; beside these
                                 representations: a list of {encoder, languageModel?, npyPath}, paths from the file's folder;
                                 a field of another name is refused; or a manifest, trimtab.toml, with pool and search;
                                 without the file each curve is a candidate, and families or encoders are the clusters
      --curves FILE              config name,SAMPLES...,size,family with an error in each cell (cost: size x samples), or
                                 encoder,languageModel,fraction,errorFraction,costSeconds; there may be projector,
                                 energyJoules, standardError, startSeconds, and with a pool score in place of errorFraction
      --strategy NAME            \(Strategy.allCases.map(\.rawValue).joined(separator: ", ")) (the pool's, or \(SearchSettings().strategy.rawValue))
      --budget SHARE             of what training every candidate on all data costs; then the search stops
                                 (without a pool race stops at 1/15, or where --regret-bound says)
      --regret-bound FRACTION    stops when the suggestion is expected to be no worse than this above the best
      --start-fraction FRACTION  of the data in the first evaluations (1/64 for race and successiveHalving, else 0.03)
      --observed-fraction F      up to which errors are observed before they are extrapolated (\(SearchSettings().observedFraction))
      --clusters N               that survive the halving (\(SearchSettings().survivingClusterCount))
      --seed N                   of random orders (0)
      --curve KIND               what the points of curves without a pool are: finished, each the end of a training of its
                                 own, or snapshot, of one run each
      --decay-start FRACTION     of the data, from which on the learning rate of snapshots falls
      --untold-starts            the search is not told of the curves' startSeconds, but pays them
      --on-the-way               trials report the evaluations that they pass too, not only the one they were to get to
      --json                     print one JSON document instead of the table
      example: trimtab select --curves curves.csv --budget 0.1

    """

  private let poolPath: String?
  private let curvesPath: String
  /// The search settings of the command line, as fields of `pool/submit`.
  private let overrides: [JSONObject.Member]
  private let budgetShare: Double?
  private let points: CurvePoints
  private let reportsOnTheWay: Bool
  private let tellsStarts: Bool
  private let printsJSON: Bool

  init(_ arguments: [String]) throws(CommandFailure) {
    let arguments = try Arguments(
      arguments,
      options: [
        "--curves", "--strategy", "--budget", "--regret-bound", "--start-fraction", "--observed-fraction", "--clusters",
        "--seed", "--curve", "--decay-start",
      ], flags: ["--json", "--on-the-way", "--untold-starts"])
    guard arguments.words.count <= 1 else {
      throw CommandFailure(
        status: .usage, message: "expected one pool, found also \"\(arguments.words[1])\"; see trimtab --help")
    }
    poolPath = arguments.words.first
    curvesPath = try arguments.required("--curves", arguments.text("--curves"))
    if let name = arguments.text("--strategy"), Strategy(rawValue: name) == nil {
      let known = Strategy.allCases.map(\.rawValue).joined(separator: ", ")
      throw CommandFailure(status: .usage, message: "--strategy: expected one of \(known), found \"\(name)\"")
    }
    budgetShare = try arguments.number("--budget", atLeast: 0)
    var overrides: [JSONObject.Member] = []
    func override(_ key: String, _ value: JSON?) { if let value { overrides.append(.init(key: key, value: value)) } }
    override("strategy", arguments.text("--strategy").map(JSON.string))
    override("regretBoundFraction", try arguments.number("--regret-bound", atLeast: 0).map(JSON.number))
    override("startFraction", try arguments.number("--start-fraction", atLeast: 0).map(JSON.number))
    override("observedFraction", try arguments.number("--observed-fraction", atLeast: 0).map(JSON.number))
    override(
      "survivingClusterCount", try arguments.integer("--clusters", in: 1...100_000).map { JSON.integer(Int64($0)) })
    override("seed", try arguments.integer("--seed", in: 0...Int.max).map { JSON.integer(Int64($0)) })
    self.overrides = overrides
    points = try Self.points(arguments)
    reportsOnTheWay = arguments.has("--on-the-way")
    tellsStarts = !arguments.has("--untold-starts")
    printsJSON = arguments.has("--json")
  }

  /// What the command line says of the points of curves; a pool says it in its task.
  private static func points(_ arguments: Arguments) throws(CommandFailure) -> CurvePoints {
    let (kind, start) = (arguments.text("--curve"), try arguments.number("--decay-start", atLeast: 0))
    func failure(_ message: String) -> CommandFailure { CommandFailure(status: .usage, message: message) }
    if kind != nil || start != nil, let pool = arguments.words.first {
      throw failure("--curve: expected it in the task of \(pool), found it beside a pool; say it there as `curve`")
    }
    if let start, start > 1 { throw failure("--decay-start: expected a number from 0 to 1, found \(start)") }
    switch (kind, start) {
    case (nil, nil): return .unknown
    case ("finished", nil): return .finished
    case ("snapshot", _): return .snapshot(decayStart: start)
    case (_, .some): throw failure("--decay-start: expected --curve snapshot beside it; add that, or leave it out")
    case (.some(let kind), nil): throw failure("--curve: expected finished or snapshot, found \"\(kind)\"")
    }
  }

  func run() throws(CommandFailure) {
    let curves = try RecordedCurves(try readFile(curvesPath), path: curvesPath)
    let report = if let poolPath { try replay(poolPath, curves) } else { try replay(curves) }
    try writeOutput(printsJSON ? report.json : report.table)
  }

  // MARK: - Curves alone

  private func replay(_ curves: RecordedCurves) throws(CommandFailure) -> SelectReport {
    guard curves.measure != .score else {
      throw CommandFailure(
        status: .badInput,
        message: "\(curvesPath): expected errors, or a pool that says which scores are better, found scores alone; "
          + "name a pool")
    }
    var settings = try Self.pool(overridden(JSONObject()), "the command line", .usage).settings
    // A race without a limit runs until no candidate can gain, which may cost half of training all candidates.
    let isUnlimited = budgetShare == nil && !overrides.contains { $0.key == "regretBoundFraction" }
    let share = isUnlimited && settings.search.strategy == .race ? Self.raceShare : budgetShare
    settings.search.budget.gpuSeconds = share.map { $0 * curves.gridCost }
    settings.search.seed = settings.seed ?? 0
    settings.search.curvePoints = points
    let search: Search
    do throws(SelectionError) {
      search = try Search(pool: try curves.ownPool(hasStarts: tellsStarts), settings: settings.search)
    } catch {
      throw CommandFailure(status: .usage, message: "expected settings in range, found \(error); see trimtab --help")
    }
    var replay = CurveReplay(curves, search, reportsOnTheWay: reportsOnTheWay, tellsStarts: tellsStarts)
    try replay.run()
    return SelectReport(replay: replay, pool: nil)
  }

  // MARK: - A pool

  private func replay(_ path: String, _ recorded: RecordedCurves) throws(CommandFailure) -> SelectReport {
    let object = try ManifestFile.isManifest(path) ? ManifestJob.pool(path) : Self.object(path)
    // The file is first read alone, so that its errors are not attributed to the command line.
    _ = try Self.pool(object, path, .badInput)
    let file = try Self.pool(overridden(object), "the command line", .usage)
    let pool = try Self.inFile(path) { () throws(RequestError) in try file.pool() }
    let (curves, unused) = try recorded.matched(to: pool)
    var settings = file.settings
    if let budgetShare { settings.search.budget.gpuSeconds = budgetShare * curves.gridCost }
    try check(settings.search.budget, path, curves)
    let progress = ProgressBar()
    let search = try Self.inFile(path) { () throws(RequestError) in
      try file.search(settings, FileAccess(folder: Self.folder(of: path))) { progress.show($0) }
    }
    progress.finish()
    var replay = CurveReplay(curves, search, reportsOnTheWay: reportsOnTheWay, tellsStarts: tellsStarts)
    try replay.run()
    for diagnostic in (replay.search as? ModelSearch)?.diagnostics ?? [] {
      writeError("trimtab: \(path): \(diagnostic.path): \(diagnostic.message)\n")
    }
    return SelectReport(replay: replay, pool: ReplayedPool(search, unusedCurves: unused))
  }

  /// Refuses a budget in a unit that the curves lack: it would never be spent.
  private func check(_ budget: Budget, _ path: String, _ curves: RecordedCurves) throws(CommandFailure) {
    func require(_ holds: Bool, _ field: String, _ column: String) throws(CommandFailure) {
      guard !holds else { return }
      throw CommandFailure(
        status: .badInput,
        message: "\(path): search.budget.\(field): expected a column \(column) in \(curvesPath) beside it, found none; "
          + "add it, or leave the budget out")
    }
    let hasEnergy = curves.curves.allSatisfy { $0.evaluations.allSatisfy { $0.energyJoules != nil } }
    try require(budget.joules == nil || hasEnergy, "energyJoules", "energyJoules")
    try require(budget.wallSeconds == nil || curves.costsAreSeconds, "elapsedSeconds", "costSeconds")
  }

  private static func object(_ path: String) throws(CommandFailure) -> JSONObject {
    let text = try readFile(path)
    let json: JSON
    do throws(JSONSyntaxError) {
      json = try JSON.parse(text)
    } catch {
      throw CommandFailure(status: .badInput, message: "\(path): \(error); correct the file")
    }
    guard case .object(let object) = json else {
      throw CommandFailure(
        status: .badInput, message: "\(path): expected a JSON object, found \(json.preview()); see pool/submit")
    }
    return object
  }

  private static func pool(
    _ object: JSONObject, _ path: String, _ status: ExitStatus
  ) throws(CommandFailure) -> PoolFile {
    do throws(InvalidField) {
      return try PoolFile(readingKnownFieldsOf: .object(object))
    } catch {
      throw CommandFailure(status: status, message: "\(path): \(error)")
    }
  }

  private static func inFile<Value>(
    _ path: String, _ body: () throws(RequestError) -> Value
  ) throws(CommandFailure) -> Value {
    do throws(RequestError) { return try body() } catch { throw CommandFailure(error, path: path) }
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The default budget of a race over curves alone, as a fraction of the cost of training every candidate.
  private static let raceShare = 1.0 / 15

  /// A pool's fields, with the search settings of the command line in place of its own.
  private func overridden(_ pool: JSONObject) -> JSONObject {
    let named = Set(overrides.map(\.key))
    let kept = pool["search"]?.objectValue?.members.filter { !named.contains($0.key) } ?? []
    let search = JSONObject.Member(key: "search", value: .object(JSONObject(members: kept + overrides)))
    return JSONObject(members: pool.members.filter { $0.key != "search" } + [search])
  }
}
