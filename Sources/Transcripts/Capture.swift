internal import Basics
package import JSON

/// A recorded conversation between clients and servers, as `protocol-spec/transcripts.md` describes it: comments,
/// settings, and one message a line in the order in which they passed.
package struct Capture: Sendable {
  package enum Sender: Sendable {
    case client, server
  }

  package struct Message: Sendable, Equatable {
    package var sender: Sender
    /// Tells several clients apart; empty where there is one.
    package var client: String
    /// Seconds since the capture began; nil in the canonical form.
    package var seconds: Double?
    package var text: String
    /// Whether `text` are the bytes on the wire, frame included, instead of a message.
    package var isRaw: Bool

    package init(_ sender: Sender, _ text: String, client: String = "", seconds: Double? = nil, isRaw: Bool = false) {
      (self.sender, self.text, self.client, self.seconds, self.isRaw) = (sender, text, client, seconds, isRaw)
    }

    /// The message; nil where it is no JSON.
    package var json: JSON? { isRaw ? nil : try? JSON.parse(text) }
  }

  package enum Line: Sendable, Equatable {
    /// A comment or an empty line.
    case comment(String)
    /// `%name word word`.
    case setting(String, [String])
    case message(Message)
  }

  /// Why a text is no capture.
  package struct Fault: Error {
    /// From 1.
    package let line: Int
    package let expected: String
    package let found: String
  }

  package var lines: [Line]

  package init(_ lines: [Line] = []) { self.lines = lines }

  /// Reads the text of a capture. Linear.
  package init(_ text: String) throws(Fault) {
    lines = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      guard let read = Self.read(line) else {
        throw Fault(
          line: index + 1, expected: "a line that begins with #, %, --> or <--, or with a client's name and an arrow",
          found: Preview.cut(String(line)))
      }
      lines.append(read)
    }
    if lines.last == .comment("") { lines.removeLast() }
  }

  private static func read(_ line: Substring) -> Line? {
    if line.isEmpty || line.hasPrefix("#") { return .comment(String(line)) }
    if line.hasPrefix("%") {
      let words = line.dropFirst().split(separator: " ").map(String.init)
      return words.first.map { .setting($0, Array(words.dropFirst())) }
    }
    var rest = line
    var client = ""
    if !line.hasPrefix("--> "), !line.hasPrefix("<-- "), !line.hasPrefix("-->! "), !line.hasPrefix("<--! ") {
      client = String(line.prefix { $0 != " " })
      guard !client.isEmpty, client.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) else { return nil }
      rest = line.dropFirst(client.count + 1)
    }
    guard let space = rest.firstIndex(of: " ") else { return nil }
    let (arrow, isRaw) = (rest[..<space], rest[..<space].hasSuffix("!"))
    guard let sender = ["-->": Sender.client, "-->!": .client, "<--": .server, "<--!": .server][arrow] else {
      return nil
    }
    rest = rest[space...].dropFirst()
    var seconds: Double?
    if rest.hasPrefix("@") {
      let time = rest.dropFirst().prefix { $0 != " " }
      guard let value = Double(time) else { return nil }
      seconds = value
      rest = rest.dropFirst(time.count + 2)
    }
    if isRaw {
      guard let raw = (try? JSON.parse(String(rest)))?.stringValue else { return nil }
      return .message(Message(sender, raw.text, client: client, seconds: seconds, isRaw: true))
    }
    return .message(Message(sender, String(rest), client: client, seconds: seconds))
  }

  /// The file's text.
  package var text: String { lines.map { Self.text(of: $0) + "\n" }.joined() }

  /// One line of the file, without its end.
  package static func text(of line: Line) -> String {
    switch line {
    case .comment(let text): text
    case .setting(let name, let words): "%" + ([name] + words).joined(separator: " ")
    case .message(let message):
      (message.client.isEmpty ? "" : message.client + " ")
        + (message.sender == .client ? "-->" : "<--") + (message.isRaw ? "! " : " ")
        + (message.seconds.map { "@\(($0 * 1e6).rounded() / 1e6) " } ?? "")
        + (message.isRaw ? JSON.string(message.text).text : message.text)
    }
  }

  /// All words of the settings of this name.
  package func setting(_ name: String) -> [String] {
    lines.flatMap { line -> [String] in
      if case .setting(name, let words) = line { words } else { [] }
    }
  }

  /// Names of fields whose values are not compared.
  package var masks: Set<String> { Set(setting("mask")) }

  /// Whether messages have headers instead of a line each.
  package var usesHeaders: Bool { setting("framing").last == "headers" }

  package var messages: [Message] {
    lines.compactMap { line in
      if case .message(let message) = line { message } else { nil }
    }
  }

  /// The names of its clients in the order in which they appear.
  package var clients: [String] {
    var seen: Set<String> = []
    return messages.map(\.client).filter { seen.insert($0).inserted }
  }

  /// Without wall times and progress, which differ from run to run.
  package var canonical: Capture {
    Capture(
      lines.compactMap { line in
        guard case .message(var message) = line else { return line }
        message.seconds = nil
        return Self.isProgress(message) ? nil : .message(message)
      })
  }

  package static func isProgress(_ message: Message) -> Bool {
    message.sender == .server && message.json?["method"] == "$/progress"
  }
}
