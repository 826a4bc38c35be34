internal import EnergyFrontier

/// `trimtab schedule`: a schedule as CSV, generated or read and checked.
struct ScheduleCommand {
  static let help = """
    trimtab schedule ...         print a schedule as PyTorch's CSV, one row for each rank; what a file holds is checked
                                 first
    \(ScheduleArguments.help)
      example: trimtab schedule --stages 4 --microbatches 8 --schedule zbv
    """

  private let schedule: ScheduleArguments

  init(_ arguments: [String]) throws(CommandFailure) {
    let arguments = try Arguments(arguments, options: ScheduleArguments.options, flags: ScheduleArguments.flags)
    guard arguments.words.isEmpty else {
      throw CommandFailure(
        status: .usage, message: "expected options only, found \"\(arguments.words[0])\"; see trimtab --help")
    }
    schedule = try ScheduleArguments(arguments)
  }

  func run() throws(CommandFailure) { try writeOutput(ScheduleCSV.text(schedule.schedule)) }
}
