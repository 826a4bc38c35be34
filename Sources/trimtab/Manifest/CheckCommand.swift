internal import Basics
internal import JSON
internal import ManifestText
internal import Sessions
internal import TrimtabServer

/// `trimtab check`: what is wrong with a manifest, with place and remedy.
struct CheckCommand {
  static let help = """
    trimtab check [FILE...]      says what is wrong in manifests, with line, column and remedy (by default in
                                 trimtab.toml or trimtab.json of this folder); exit status 1 where something is, 2
                                 where a file cannot be read
      --json                     print one JSON document instead
      --no-files                 leave the files unread that the manifests name
      --syntax                   print the values of each file with their places, as JSON in a line for each
      example: trimtab check trimtab.toml

    """

  private let paths: [String]
  private let printsJSON: Bool
  private let printsSyntax: Bool
  private let readsFiles: Bool

  init(_ arguments: [String]) throws(CommandFailure) {
    let parsed = try Arguments(arguments, options: [], flags: ["--json", "--no-files", "--syntax"])
    paths = parsed.words
    printsJSON = parsed.has("--json")
    readsFiles = !parsed.has("--no-files")
    printsSyntax = parsed.has("--syntax")
    guard !printsSyntax || !paths.isEmpty else {
      throw CommandFailure(status: .usage, message: "expected files behind --syntax, found none")
    }
  }

  /// - Returns: 1 where a manifest has an error, 2 where one cannot be read.
  func run() throws(CommandFailure) -> Int32 {
    var status: Int32 = 0
    var reports: [JSON] = []
    for path in paths.isEmpty ? [nil] : paths.map(Optional.some) {
      do throws(CommandFailure) {
        if printsSyntax, let path {
          try printSyntax(path)
          continue
        }
        let file = if let path { try ManifestFile(path) } else { try ManifestFile.inFolder(".") }
        let report = CheckReport(file, ManifestReader(file.tree, files: readsFiles ? file.files : nil).problems)
        if report.errorCount > 0 { status = max(status, 1) }
        if printsJSON { reports.append(report.json) } else { try writeOutput(report.text) }
      } catch {
        guard error.status != .cannotWrite else { throw error }
        status = 2
        writeError("trimtab: \(error.message)\n")
      }
    }
    if printsJSON, !printsSyntax { try writeOutput(JSON.array(reports).text + "\n") }
    return status
  }

  private func printSyntax(_ path: String) throws(CommandFailure) {
    let tree = SyntaxTree(try ManifestFile.bytes(path), ManifestFile.language(of: path))
    try writeOutput(TaggedTree.json(tree).text + "\n")
  }
}

/// The problems of one file, for people and for programs.
struct CheckReport {
  private let file: ManifestFile
  private let problems: [ManifestProblem]

  init(_ file: ManifestFile, _ problems: [ManifestProblem]) { (self.file, self.problems) = (file, problems) }

  var errorCount: Int { problems.count { $0.severity == .error } }

  /// A line for each problem and one for its remedy, and how many there are.
  var text: String {
    if problems.isEmpty { return "\(file.path): no problems\n" }
    let lines = problems.map { problem -> String in
      let place = file.place(of: problem.range.lower)
      let remedy = problem.remedy.map { "\n    \($0)" } ?? ""
      return "\(file.path):\(place.line):\(place.column): \(problem.severity.rawValue): \(problem.message)\(remedy)\n"
    }
    let warningCount = problems.count - errorCount
    return lines.joined() + "\(file.path): \(Self.count(errorCount, "error")), \(Self.count(warningCount, "warning"))\n"
  }

  private static func count(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }

  var json: JSON {
    ["file": .string(file.path), "problems": .array(problems.map(json))]
  }

  private func json(_ problem: ManifestProblem) -> JSON {
    var members: [JSONObject.Member] = [
      .init(key: "severity", value: .string(problem.severity.rawValue)),
      .init(key: "code", value: .string(problem.code.rawValue)),
      .init(key: "range", value: json(problem.range)), .init(key: "message", value: .string(problem.message)),
    ]
    if let remedy = problem.remedy { members.append(.init(key: "remedy", value: .string(remedy))) }
    if let fix = problem.fix {
      let edits = fix.edits.map { edit -> JSON in ["range": json(edit.range), "text": .string(edit.text)] }
      members.append(.init(key: "fix", value: ["title": .string(fix.title), "edits": .array(edits)]))
    }
    return .object(JSONObject(members: members))
  }

  private func json(_ range: SourceRange) -> JSON {
    func position(_ offset: Int) -> JSON {
      let place = file.place(of: offset)
      return [
        "line": .integer(Int64(place.line)), "column": .integer(Int64(place.column)), "offset": .integer(Int64(offset)),
      ]
    }
    return ["start": position(range.lower), "end": position(range.upper)]
  }
}
