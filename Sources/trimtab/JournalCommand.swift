internal import Basics
internal import JSON
internal import Journal
internal import TrimtabServer

/// `trimtab journal check|dump|repair|compact DIR`: looks at the journals of a state directory, mends what can be
/// mended, and makes them smaller.
struct JournalCommand {
  static let purpose = "checks, prints, repairs or compacts the journals of a state directory"
  static let help = """
    trimtab journal check DIR     reads every journal and applies every record; says what is wrong
    trimtab journal dump DIR      prints every record as a transcript line
    trimtab journal repair DIR    of damaged journals keeps what is before the damage; the originals stay in damaged/
    trimtab journal compact DIR   writes every journal in fewer bytes; a server does so by itself as a journal grows
      --session NAME              only that session
      check and dump change nothing and may be used beside the owner; the others need the directory for themselves
      example: trimtab journal check ~/.local/state/trimtab

    """

  private enum Action: String, CaseIterable {
    case check, dump, repair, compact
  }

  private let action: Action
  private let path: String
  private let session: ExactString?

  init(_ arguments: [String]) throws(CommandFailure) {
    let parsed = try Arguments(arguments, options: ["--session"], flags: [])
    guard parsed.words.count == 2, let action = Action(rawValue: parsed.words[0]) else {
      throw CommandFailure(
        status: .usage,
        message: "expected journal \(Action.allCases.map(\.rawValue).joined(separator: "|")) DIR, found "
          + (parsed.words.isEmpty ? "nothing" : "\"\(parsed.words.joined(separator: " "))\"") + "; see trimtab --help")
    }
    (self.action, path) = (action, parsed.words[1])
    session = parsed.text("--session").map { ExactString($0) }
  }

  func run() throws(CommandFailure) {
    let inspection: StateInspection
    do throws(InspectionFailure) {
      inspection = try StateInspection(path, owns: action == .repair || action == .compact)
    } catch {
      throw CommandFailure(status: .noInput, message: error.message)
    }
    if let session, !inspection.contains(session) {
      let names = inspection.names.map(\.text)
      let near = UnknownField.nearest(to: session.text, among: names)
      throw CommandFailure(
        status: .noInput,
        message: "--session: expected a session with a journal in \(path), of which there are \(Preview.list(names)), "
          + "found \(Preview.quoted(session.text))" + (near.map { "; did you mean \(Preview.quoted($0))?" } ?? ""))
    }
    var isSound = true
    let names = session.map { [$0] } ?? inspection.names
    for name in names {
      if let failure = try handle(name, inspection) {
        isSound = false
        writeError("\(Self.line(name)): \(failure.message)\n")
      }
    }
    if session == nil {
      for problem in inspection.unreadable {
        isSound = false
        writeError("\(problem)\n")
      }
    }
    if !isSound { throw CommandFailure(status: .badInput, message: "not every journal is sound") }
  }

  /// A name as it can stand in a line: as a JSON string where it has control characters, with which a client could
  /// write lines of its own or command the terminal.
  private static func line(_ name: ExactString) -> String {
    let hasControls = name.text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    return hasControls ? JSON.string(name.text).text : name.text
  }

  /// Does what was asked for with one journal.
  ///
  /// - Returns: why it is not sound; nil where it is.
  /// - Throws: ``CommandFailure`` where the output cannot be written.
  private func handle(
    _ name: ExactString, _ inspection: StateInspection
  ) throws(CommandFailure) -> InspectionFailure? {
    var unwritten: CommandFailure?
    func write(_ line: String) {
      do throws(CommandFailure) {
        if unwritten == nil { try writeOutput(line + "\n") }
      } catch {
        unwritten = error
      }
    }
    var failure: InspectionFailure?
    do throws(InspectionFailure) {
      switch action {
      case .check: write("\(Self.line(name)): \(try inspection.check(name))")
      case .repair: write("\(Self.line(name)): \(try inspection.repair(name))")
      case .compact: write("\(Self.line(name)): \(try inspection.compact(name))")
      case .dump: try inspection.dump(name) { write("--> \($0)") }
      }
    } catch {
      failure = error
    }
    if let unwritten { throw unwritten }
    return failure
  }
}
