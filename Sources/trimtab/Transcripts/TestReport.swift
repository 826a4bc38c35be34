/// The result of several checks, for a person, as TAP, or as JUnit XML.
struct TestReport {
  private struct Entry {
    let name: String
    /// Lines for a person; none where the check has passed.
    let problems: [String]
    let count: Int
    let seconds: Double
  }

  private var entries: [Entry] = []

  /// - Parameter count: of the messages that were compared.
  mutating func add(_ name: String, _ problems: [String], count: Int, seconds: Double) {
    entries.append(Entry(name: name, problems: problems, count: count, seconds: seconds))
  }

  var isEmpty: Bool { entries.isEmpty }

  var hasFailures: Bool { entries.contains { !$0.problems.isEmpty } }

  var text: String {
    let failures = entries.count { !$0.problems.isEmpty }
    let lines = entries.map { entry in
      entry.problems.isEmpty
        ? "ok      \(entry.name) (\(entry.count) messages)\n"
        : "FAILED  \(entry.name) (\(entry.count == 0 ? "no" : "\(entry.problems.count) of \(entry.count)") messages)\n"
          + entry.problems.joined()
    }
    return lines.joined() + "\(entries.count - failures) of \(entries.count) as recorded\n"
  }

  /// The Test Anything Protocol, version 14.
  var tap: String {
    var text = "TAP version 14\n1..\(entries.count)\n"
    for (index, entry) in entries.enumerated() {
      text += "\(entry.problems.isEmpty ? "ok" : "not ok") \(index + 1) - \(entry.name.replacing("#", with: "\\#"))\n"
      for line in entry.problems.joined().split(separator: "\n") { text += "# \(line)\n" }
    }
    return text
  }

  var junit: String {
    let cases = entries.map { entry -> String in
      let failures = entry.problems.map { problem in
        let title = problem.split(separator: "\n").first.map(String.init) ?? ""
        return "<failure message=\"\(Self.escaped(title))\">\(Self.escaped(problem))</failure>"
      }
      return "  <testcase name=\"\(Self.escaped(entry.name))\" classname=\"transcripts\" time=\"\(entry.seconds)\">"
        + failures.joined() + "</testcase>\n"
    }
    let failures = entries.count { !$0.problems.isEmpty }
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <testsuite name="trimtab" tests="\(entries.count)" failures="\(failures)" errors="0">

      """ + cases.joined() + "</testsuite>\n"
  }

  /// Text in XML or HTML; control characters, which XML does not allow, become spaces.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
