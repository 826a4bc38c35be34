internal import JSON
internal import ModelSelection
internal import TrimtabServer

/// `trimtab select`: replays recorded learning curves through a search, to see what it would have suggested and spent.
struct SelectCommand {
  static let help = """
    trimtab select --curves CURVES.csv   replays recorded learning curves through a search
      --curves FILE              config name,SAMPLES...,size,family with an error in each cell (cost: size x samples), or
                                 encoder,languageModel,fraction,errorFraction,costSeconds
      --strategy NAME            \(Strategy.allCases.map(\.rawValue).joined(separator: ", ")) (mordal)
      --budget SHARE             of what training every candidate on all data costs; then the search stops
      --regret-bound FRACTION    stops when the suggestion is expected to be no worse than this above the best
      --start-fraction FRACTION  of the data in the first evaluations (\(SearchSettings().startFraction))
      --observed-fraction F      up to which errors are observed before they are extrapolated (\(SearchSettings().observedFraction))
      --clusters N               that survive the halving (\(SearchSettings().survivingClusterCount))
      --seed N                   of random orders (0)
      --json                     print one JSON document instead of the table

    """

  private let path: String
  private var settings = SearchSettings()
  private let budgetShare: Double?
  private let printsJSON: Bool

  init(_ arguments: [String]) throws(CommandFailure) {
    let arguments = try Arguments(
      arguments,
      options: [
        "--curves", "--strategy", "--budget", "--regret-bound", "--start-fraction", "--observed-fraction", "--clusters",
        "--seed",
      ], flags: ["--json"])
    guard arguments.words.isEmpty else {
      throw CommandFailure(
        status: .usage, message: "expected only options, found \"\(arguments.words[0])\"; see trimtab --help")
    }
    path = try arguments.required("--curves", arguments.text("--curves"))
    let name = arguments.text("--strategy") ?? Strategy.mordal.rawValue
    guard let strategy = Strategy(rawValue: name) else {
      let known = Strategy.allCases.map(\.rawValue).joined(separator: ", ")
      throw CommandFailure(status: .usage, message: "--strategy: expected one of \(known), found \"\(name)\"")
    }
    settings = SearchSettings(strategy: strategy)
    budgetShare = try arguments.number("--budget", atLeast: 0)
    settings.regretBoundFraction = try arguments.number("--regret-bound", atLeast: 0) ?? 0
    settings.startFraction = try arguments.number("--start-fraction", atLeast: 0) ?? settings.startFraction
    settings.observedFraction = try arguments.number("--observed-fraction", atLeast: 0) ?? settings.observedFraction
    settings.survivingClusterCount =
      try arguments.integer("--clusters", in: 1...100_000) ?? settings.survivingClusterCount
    settings.seed = UInt64(try arguments.integer("--seed", in: 0...Int.max) ?? 0)
    printsJSON = arguments.has("--json")
  }

  func run() throws(CommandFailure) {
    let text = try FileAccess.read(path) {
      CommandFailure(status: .noInput, message: "\(path): expected a readable UTF-8 file, found: \($0); check the path")
    }
    let curves = try RecordedCurves(text, path: path)
    let report: SelectReport
    do throws(SelectionError) {
      var replay = try CurveReplay(curves, settings: settings, budgetShare: budgetShare)
      try replay.run()
      report = SelectReport(curves: curves, replay: replay)
    } catch {
      throw CommandFailure(status: .usage, message: "expected settings in range, found \(error); see trimtab --help")
    }
    try writeOutput(printsJSON ? report.json : report.table)
  }
}
