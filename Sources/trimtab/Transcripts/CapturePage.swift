internal import Basics
internal import JSON
internal import Transcripts

/// A capture as an HTML page.
struct CapturePage {
  private let capture: Capture
  private let title: String
  private let differences: [Int: [Difference]]
  private let extra: [Capture.Message]
  /// By line of a request, and of its answer: seconds from one to the other.
  private var latencies: [Int: Double] = [:]
  /// By line of an answer: its request's method.
  private var methods: [Int: String] = [:]

  init(
    _ capture: Capture, title: String, _ differences: [Int: [Difference]] = [:], _ extra: [Capture.Message] = []
  ) {
    (self.capture, self.title, self.differences, self.extra) = (capture, title, differences, extra)
    var open: [ExactString: (line: Int, message: Capture.Message, method: String)] = [:]
    for (index, line) in capture.lines.enumerated() {
      guard case .message(let message) = line else { continue }
      for part in message.json.map({ $0.arrayValue.map(Array.init) ?? [$0] }) ?? [] {
        guard let id = part["id"] else { continue }
        let key: ExactString = "\(message.client) \(id.canonicalText)"
        if message.sender == .client, let method = part["method"]?.stringValue?.text {
          open[key] = (index, message, method)
        } else if message.sender == .server, part["method"] == nil, let request = open.removeValue(forKey: key) {
          methods[index] = request.method
          if let from = request.message.seconds, let to = message.seconds {
            (latencies[request.line], latencies[index]) = (to - from, to - from)
          }
        }
      }
    }
  }

  var html: String {
    var rows: [String] = []
    for (index, line) in capture.lines.enumerated() {
      switch line {
      case .comment(let text):
        let words = String(Substring(text.text.utf8.dropFirst()))
        rows += text == "" ? [] : ["<p>\(TestReport.escaped(words))</p>"]
      case .setting: rows.append("<p><code>\(TestReport.escaped(Capture.text(of: line)))</code></p>")
      case .message(let message): rows.append(row(message, at: index))
      }
    }
    let more = extra.map {
      "<details class=\"differs\"><summary>only in the other: "
        + "\(TestReport.escaped(Preview.cut($0.text, limit: 120)))</summary>"
        + "<pre>\(TestReport.escaped(Self.indented($0)))</pre></details>"
    }
    return """
      <!DOCTYPE html>
      <html lang="en">
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <title>\(TestReport.escaped(title))</title>
      <style>
      \(Self.style)
      </style>
      <header><b>\(TestReport.escaped(title))</b>
      <input id="search" type="search" placeholder="Search" aria-label="Search">
      \(differences.isEmpty && extra.isEmpty ? "" : "<label><input id=\"only\" type=\"checkbox\"> differences only</label>")
      <span id="count">\(capture.messages.count) messages\(slowest)</span></header>
      \(rows.joined(separator: "\n"))
      \(more.joined(separator: "\n"))
      <script>
      \(Self.script)
      </script>

      """
  }

  private var slowest: String {
    guard let most = latencies.values.max() else { return "" }
    return ", slowest answer \(Self.milliseconds(most))"
  }

  private static func milliseconds(_ seconds: Double) -> String { "\((seconds * 1e5).rounded() / 100) ms" }

  private func row(_ message: Capture.Message, at index: Int) -> String {
    let json = message.json
    let isError = json?["error"] != nil
    let kind = message.sender == .client ? "sent" : json?["method"] != nil ? "push" : "answer"
    let method = json?["method"]?.stringValue?.text ?? methods[index].map { "\($0) answered" } ?? "message"
    let found = differences[index] ?? []
    var facts: [String] = []
    if let id = json?["id"] { facts.append("id \(id.text)") }
    if let seconds = message.seconds { facts.append("at \((seconds * 1e4).rounded() / 1e4) s") }
    var bar = ""
    if kind == "answer", let latency = latencies[index] {
      facts.append(Self.milliseconds(latency))
      let share = latency / (latencies.values.max() ?? 1)
      bar = "<i style=\"width:\((share * 1000).rounded() / 10)%\"></i>"
    }
    if let error = json?["error"]?["message"]?.stringValue { facts.append(error.text) }
    let list = found.map { "<li>\(TestReport.escaped($0.text))</li>" }.joined()
    return """
      <details class="\(kind)\(isError ? " error" : "")\(found.isEmpty ? "" : " differs")">\
      <summary>\(message.client == "" ? "" : "<em>\(TestReport.escaped(message.client.text))</em> ")\
      <b>\(TestReport.escaped(method))</b> <small>\(TestReport.escaped(facts.joined(separator: " · ")))</small>\(bar)\
      </summary>\(list.isEmpty ? "" : "<ul>\(list)</ul>")<pre>\(TestReport.escaped(Self.indented(message)))</pre></details>
      """
  }

  private static func indented(_ message: Capture.Message) -> String {
    message.json.map { indented($0, "") } ?? message.text
  }

  private static func indented(_ json: JSON, _ margin: String) -> String {
    let inner = margin + "  "
    switch json {
    case .object(let object) where json.text.utf8.count > 80:
      let members = object.map { "\(inner)\(JSON.string($0.key).text): \(indented($0.value, inner))" }
      return "{\n\(members.joined(separator: ",\n"))\n\(margin)}"
    case .array(let elements) where json.text.utf8.count > 80:
      return "[\n\(elements.map { inner + indented($0, inner) }.joined(separator: ",\n"))\n\(margin)]"
    default: return json.text
    }
  }

  private static let style = """
    :root { color-scheme: light dark; }
    body { margin: 0 auto; max-width: 70rem; padding: 0 1rem 2rem; font: 14px/1.5 system-ui, sans-serif; }
    header { position: sticky; top: 0; background: Canvas; padding: .6rem 0; border-bottom: 1px solid #8886; }
    details { margin: .2rem 0; border-left: 3px solid #8886; padding-left: .5rem; }
    .sent { margin-right: 20%; border-color: #27c; } .answer { margin-left: 20%; border-color: #2a6; }
    .push { margin-left: 20%; border-color: #a6c; } .error { border-color: #c33; }
    .differs { background: #fd03; } summary { cursor: pointer; } small { opacity: .7; }
    i { display: block; height: 2px; background: #2a6; } p { margin: .8rem 0 .2rem; opacity: .8; }
    pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px; } [hidden] { display: none; }
    """

  private static let script = """
    const input = document.getElementById("search"), only = document.getElementById("only");
    const count = document.getElementById("count"), all = count.textContent;
    const rows = [...document.querySelectorAll("details")].map(row => [row, row.textContent.toLowerCase()]);
    function search() {
      const words = input.value.toLowerCase().split(/\\s+/).filter(Boolean);
      let shown = 0;
      for (const [row, text] of rows) {
        row.hidden = !words.every(word => text.includes(word))
          || Boolean(only && only.checked && !row.classList.contains("differs"));
        shown += !row.hidden;
      }
      count.textContent = shown < rows.length ? `${shown} of ${rows.length} messages` : all;
    }
    input.addEventListener("input", search);
    if (only) only.addEventListener("change", search);
    """
}
