internal import Basics

/// The result of several checks, for a person, as TAP, or as JUnit XML.
struct TestReport {
  private struct Entry {
    let name: String
    /// Lines for a person; none where the check has passed.
    let problems: [String]
    let count: Int
    let seconds: Double
    /// Why it says nothing about the server; nil for a check that does.
    var reasonToSkip: String?
  }

  private var entries: [Entry] = []

  /// - Parameter count: of the messages that were compared.
  mutating func add(_ name: String, _ problems: [String], count: Int, seconds: Double) {
    entries.append(Entry(name: name, problems: problems, count: count, seconds: seconds))
  }

  /// A check that does not count.
  mutating func skip(_ name: String, _ reason: String, seconds: Double) {
    entries.append(Entry(name: name, problems: [], count: 0, seconds: seconds, reasonToSkip: reason))
  }

  var isEmpty: Bool { entries.isEmpty }

  var hasFailures: Bool { entries.contains { !$0.problems.isEmpty } }

  var text: String {
    let counted = entries.filter { $0.reasonToSkip == nil }
    let failures = counted.count { !$0.problems.isEmpty }
    let lines = entries.map { entry in
      if let reason = entry.reasonToSkip { return "skip    \(entry.name) (\(reason))\n" }
      return entry.problems.isEmpty
        ? "ok      \(entry.name) (\(entry.count) messages)\n"
        : "FAILED  \(entry.name) (\(entry.count == 0 ? "no" : "\(entry.problems.count) of \(entry.count)") messages)\n"
          + entry.problems.joined()
    }
    let skips = entries.count - counted.count
    return lines.joined() + "\(counted.count - failures) of \(counted.count) as recorded"
      + (skips == 0 ? "\n" : ", \(skips) skipped\n")
  }

  /// The Test Anything Protocol, version 14.
  var tap: String {
    var text = "TAP version 14\n1..\(entries.count)\n"
    for (index, entry) in entries.enumerated() {
      text +=
        "\(entry.problems.isEmpty ? "ok" : "not ok") \(index + 1) - \(entry.name.replacingBytes(of: "#", with: "\\#"))"
        + (entry.reasonToSkip.map { " # SKIP \($0)\n" } ?? "\n")
      for line in entry.problems.joined().byteLines where !line.isEmpty { text += "# \(line)\n" }
    }
    return text
  }

  var junit: String {
    let cases = entries.map { entry -> String in
      let failures = entry.problems.map { problem in
        let title = problem.byteLines.first.map(String.init) ?? ""
        return "<failure message=\"\(Self.escaped(title))\">\(Self.escaped(problem))</failure>"
      }
      return "  <testcase name=\"\(Self.escaped(entry.name))\" classname=\"transcripts\" time=\"\(entry.seconds)\">"
        + (entry.reasonToSkip.map { "<skipped message=\"\(Self.escaped($0))\"/>" } ?? "")
        + failures.joined() + "</testcase>\n"
    }
    let failures = entries.count { !$0.problems.isEmpty }
    let skips = entries.count { $0.reasonToSkip != nil }
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <testsuite name="trimtab" tests="\(entries.count)" failures="\(failures)" errors="0" \
      skipped="\(skips)">

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
