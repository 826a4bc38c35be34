internal import JSON
internal import Transcripts

/// `trimtab view FILE [OTHER]`: a capture as an HTML page that needs no network.
struct ViewCommand {
  static let help = """
    trimtab view FILE [OTHER]    a capture as an HTML page on standard output: messages in order, latencies, a
                                 search; with OTHER how its messages differ
      example: trimtab view session.transcript > session.html

    """

  private let paths: [String]

  init(_ arguments: [String]) throws(CommandFailure) {
    let parsed = try Arguments(arguments, options: [], flags: [])
    guard (1...2).contains(parsed.words.count) else {
      throw CommandFailure(
        status: .usage, message: "expected view FILE [OTHER], found \(parsed.words.count) files; see trimtab --help")
    }
    paths = parsed.words
  }

  func run() throws(CommandFailure) {
    let capture = try readCapture(paths[0])
    var differences: [Int: [Difference]] = [:]
    var extra: [Capture.Message] = []
    if paths.count == 2 {
      (differences, extra) = Self.compare(capture, try readCapture(paths[1]))
    }
    try writeOutput(CapturePage(capture, title: paths.joined(separator: " and "), differences, extra).html)
  }

  /// By line of `capture`: how the message that stands for it in `other` differs; and what only `other` has.
  ///
  /// The messages of a client are compared in order; those of a server as in a replay.
  private static func compare(
    _ capture: Capture, _ other: Capture
  ) -> (differences: [Int: [Difference]], extra: [Capture.Message]) {
    let comparison = Comparison(masks: capture.masks.union(other.masks))
    var expectations = Expectations(capture, comparison, keepsProgress: true)
    var extra: [Capture.Message] = []
    for message in other.messages where message.sender == .server {
      if expectations.take(message.content, from: message.client) == nil { extra.append(message) }
    }
    expectations.finish("nothing in the other")
    var differences: [Int: [Difference]] = [:]
    for finding in expectations.findings {
      if let line = finding.line, !finding.differences.isEmpty { differences[line] = finding.differences }
    }
    var sent = other.messages.filter { $0.sender == .client }[...]
    for (index, line) in capture.lines.enumerated() {
      guard case .message(let message) = line, message.sender == .client else { continue }
      guard let counterpart = sent.popFirst() else {
        differences[index] = [Difference(path: "", expected: "a message", found: "nothing in the other")]
        continue
      }
      let found = comparison.differences(message.comparable, counterpart.comparable)
      if !found.isEmpty { differences[index] = found }
    }
    return (differences, extra + sent)
  }
}
