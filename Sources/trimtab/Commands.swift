internal import Basics

/// A command as it is declared: its help is what people read, what shells complete, and what the manual says.
struct CommandReference {
  let name: String
  let help: String
  /// What a command of several actions is for; the others are for what their one usage says.
  var purpose: String?

  static let all = [
    CommandReference(name: "serve", help: serveHelp),
    CommandReference(name: "frontier", help: FrontierCommand.help),
    CommandReference(name: "schedule", help: ScheduleCommand.help),
    CommandReference(name: "similarity", help: SimilarityCommand.help),
    CommandReference(name: "select", help: SelectCommand.help),
    CommandReference(name: "init", help: InitCommand.help),
    CommandReference(name: "check", help: CheckCommand.help),
    CommandReference(name: "journal", help: JournalCommand.help, purpose: JournalCommand.purpose),
    CommandReference(name: "mcp", help: MCPCommand.help),
    CommandReference(name: "record", help: RecordCommand.help),
    CommandReference(name: "replay", help: ReplayCommand.help),
    CommandReference(name: "view", help: ViewCommand.help),
    CommandReference(name: "transcript", help: TranscriptCommand.help),
    CommandReference(name: "conformance", help: ConformanceCommand.help),
    CommandReference(name: "doctor", help: DoctorCommand.help),
    CommandReference(name: "completion", help: CompletionCommand.help),
    CommandReference(name: "manual", help: ManualPage.help),
  ]

  static subscript(name: ExactString) -> CommandReference? { all.first { ExactString($0.name) == name } }

  struct Option {
    /// As in `--plans`.
    let name: String
    /// As in `N`; nil for a flag.
    let value: String?
    let doc: String

    /// The words that the value may be, where its declaration lists them: `headers|lines`.
    var choices: [String] {
      guard let value, value.hasBytes(of: "|") else { return [] }
      return value.split(separator: "|").map(String.init)
    }

    /// Whether the value names a file or a folder.
    var isPath: Bool { value.map { $0.hasPrefix("FILE") || $0 == "DIR" || $0 == "FOLDER" } ?? false }
  }

  struct Entry {
    /// What stands on the left, as in `--plans N` or `PROFILE.csv`.
    let term: String
    var doc: String
  }

  /// Usage lines with what they do, in order.
  var usages: [Entry] { entries.filter { $0.term.hasPrefix("trimtab ") } }

  /// What is said about arguments and options, in order.
  var terms: [Entry] { entries.filter { !$0.term.hasPrefix("trimtab ") && !$0.term.hasPrefix("example:") } }

  var examples: [String] {
    entries.filter { $0.term.hasPrefix("example: ") }.map { String($0.term.dropFirst("example: ".count)) }
  }

  /// What the command is for, in a line.
  var summary: String { purpose ?? usages.first?.doc ?? "" }

  var options: [Option] {
    terms.flatMap { entry -> [Option] in
      guard entry.term.hasPrefix("--") else { return [] }
      return entry.term.split(separator: ",").compactMap { part in
        let words = part.split(separator: " ")
        guard let name = words.first, name.hasPrefix("--") else { return nil }
        return Option(name: String(name), value: words.count > 1 ? String(words[1]) : nil, doc: entry.doc)
      }
    }
  }

  /// The help's lines: a term and, behind at least two spaces, what it means, which goes on in indented lines.
  private var entries: [Entry] {
    var entries: [Entry] = []
    for line in help.split(separator: "\n") {
      let indent = line.prefix { $0 == " " }.count
      let text = line.dropFirst(indent)
      if indent > 6 {
        if !entries.isEmpty { entries[entries.count - 1].doc += " " + text }
      } else if text.hasPrefix("example: ") {
        entries.append(Entry(term: String(text), doc: ""))
      } else if let gap = text.firstRange(ofBytes: "  ") {
        entries.append(
          Entry(term: String(text[..<gap.lowerBound]), doc: String(text[gap.upperBound...].drop { $0 == " " })))
      } else {
        entries.append(Entry(term: String(text), doc: ""))
      }
    }
    return entries
  }

  /// The help in at most `width` columns.
  func text(width: Int = 80) -> String {
    let column = 22
    var lines: [String] = []
    func add(_ term: String, _ doc: String, indent: Int) {
      let margin = String(repeating: " ", count: indent)
      var words = Self.wrapped(doc, width - column - 2)
      if term.count + indent + 2 <= column, !words.isEmpty {
        let padding = String(repeating: " ", count: column - indent - term.count)
        lines.append(margin + term + padding + words.removeFirst())
      } else {
        lines += Self.wrapped(term, width - indent - 2).enumerated().map { ($0 == 0 ? margin : margin + "  ") + $1 }
      }
      lines += words.map { String(repeating: " ", count: column) + $0 }
    }
    for entry in usages { add(entry.term, entry.doc, indent: 0) }
    if !terms.isEmpty { lines.append("") }
    for entry in terms { add(entry.term, entry.doc, indent: 2) }
    if !examples.isEmpty { lines += ["", "Example:"] }
    for example in examples { lines += Self.wrapped(example, width - 4).map { "  " + $0 } }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A text in lines of at most `width` columns, as far as words allow.
  static func wrapped(_ text: String, _ width: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}

private let serveHelp = """
  trimtab [serve] [--stdio]    JSON-RPC 2.0 on standard input and output (the default when standard input is not a
                               terminal)
    --stdio                    as editors say it; there is no other way
    --state DIR                keeps sessions in DIR, or in $TRIMTAB_STATE
    --read-only                changes nothing: joins the process that owns DIR, or reads the journals as they are
    --state-on-network         also where DIR is on a network file system, whose locks may not hold
    --log-holds MS             writes a line to standard error when the server computed for MS milliseconds without a
                               look at its input
    --from FILE                answers from a transcript instead: a mock server for authors of clients
    example: trimtab serve --state ~/.local/state/trimtab

  """
