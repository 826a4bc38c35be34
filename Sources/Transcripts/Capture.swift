package import Basics
package import JSON

/// A recorded conversation between clients and servers, as `protocol-spec/transcripts.md` describes it: comments,
/// settings, and one message a line in the order in which they passed.
package struct Capture: Sendable {
  package enum Sender: Sendable {
    case client, server
  }

  package struct Message: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
      /// A message, without its frame.
      case message(String)
      /// Bytes on the wire, frame included, of what is no message.
      case bytes([UInt8])
    }

    package var sender: Sender
    /// Tells several clients apart; empty where there is one.
    package var client: ExactString
    /// Seconds since the capture began; nil in the canonical form.
    package var seconds: Double?
    package var content: Content

    package init(_ sender: Sender, _ content: Content, client: ExactString = "", seconds: Double? = nil) {
      (self.sender, self.content, self.client, self.seconds) = (sender, content, client, seconds)
    }

    package init(_ sender: Sender, _ text: String, client: ExactString = "", seconds: Double? = nil) {
      self.init(sender, .message(text), client: client, seconds: seconds)
    }

    /// The message, or the bytes as far as they are UTF-8, to be shown.
    package var text: String {
      switch content {
      case .message(let text): text
      case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
      }
    }

    /// The message; nil where it is no JSON.
    package var json: JSON? {
      if case .message(let text) = content { try? JSON.parse(text) } else { nil }
    }

    /// What is compared: the message as JSON where it is JSON, and else its exact text or bytes.
    package var comparable: JSON {
      switch content {
      case .message(let text): json ?? .string(text)
      case .bytes(let bytes): RawBytes(bytes).json
      }
    }

    /// What is sent for it.
    package func bytes(withHeaders: Bool) -> [UInt8] {
      switch content {
      case .message(let text): RawBytes.frame(Array(text.utf8), withHeaders: withHeaders)
      case .bytes(let bytes): bytes
      }
    }
  }

  package enum Line: Sendable, Equatable {
    /// A comment or an empty line.
    case comment(ExactString)
    /// `%name word word`.
    case setting(ExactString, [ExactString])
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
    // By bytes, as a character may span the end of a line, or the blank behind an arrow.
    for (index, line) in text.byteLines.enumerated() {
      // Some editors end lines with a carriage return, too.
      let line = line.utf8.last == UInt8(ascii: "\r") ? line.utf8.dropLast() : line.utf8
      guard let read = Self.read(line) else {
        throw Fault(
          line: index + 1, expected: "a line that begins with #, %, --> or <--, or with a client's name and an arrow",
          found: Preview.cut(String(Substring(line))))
      }
      if case .setting(let name, let words) = read, let expected = Self.expectation(of: name, words) {
        throw Fault(line: index + 1, expected: expected, found: Preview.cut(Self.text(of: read)))
      }
      lines.append(read)
    }
    if case .comment("")? = lines.last { lines.removeLast() }
  }

  /// What a setting that tools look at would have to be; nil for one that is right, or that is left alone.
  private static func expectation(of name: ExactString, _ words: [ExactString]) -> String? {
    func unless(_ isRight: Bool, _ expected: String) -> String? { isRight ? nil : expected }
    switch name {
    case "mask": return unless(!words.isEmpty, "%mask NAME..., the fields that may have any value")
    case "framing": return unless(words == ["headers"] || words == ["lines"], "%framing headers or %framing lines")
    case "ignore": return unless(words == ["pushes"], "%ignore pushes")
    case "declares": return unless(words.count == 1, "%declares NAME, one field of the server's capabilities")
    case "compare": return unless(words == ["open"], "%compare open")
    case "exit":
      let status = words.count == 1 ? Int(words[0].text) : nil
      return unless(status.map { 0...255 ~= $0 } ?? false, "%exit STATUS, from 0 to 255")
    default: return nil
    }
  }

  private static func read(_ line: Substring.UTF8View) -> Line? {
    func begins(_ prefix: String) -> Bool { line.starts(with: prefix.utf8) }
    if line.isEmpty || begins("#") { return .comment(ExactString(String(Substring(line)))) }
    if begins("%") {
      let words = line.dropFirst().split(separator: UInt8(ascii: " ")).map { ExactString(String(Substring($0))) }
      return words.first.map { .setting($0, Array(words.dropFirst())) }
    }
    var rest = line
    var client: ExactString = ""
    if !["--> ", "<-- ", "-->! ", "<--! "].contains(where: begins) {
      client = ExactString(String(Substring(line.prefix { $0 != UInt8(ascii: " ") })))
      guard isName(client) else { return nil }
      rest = line.dropFirst(client.byteCount + 1)
    }
    guard let space = rest.firstIndex(of: UInt8(ascii: " ")) else { return nil }
    let arrow = ExactString(String(Substring(rest[..<space])))
    guard let sender = ["-->": Sender.client, "-->!": .client, "<--": .server, "<--!": .server][arrow] else {
      return nil
    }
    rest = rest[space...].dropFirst()
    var seconds: Double?
    if rest.first == UInt8(ascii: "@") {
      let time = rest.dropFirst().prefix { $0 != UInt8(ascii: " ") }
      guard let value = Double(Substring(time)) else { return nil }
      seconds = value
      rest = rest.dropFirst(time.count + 2)
    }
    let text = String(Substring(rest))
    guard arrow.hasSuffix("!") else { return .message(Message(sender, text, client: client, seconds: seconds)) }
    guard let bytes = (try? JSON.parse(text)).flatMap(RawBytes.init) else { return nil }
    return .message(Message(sender, .bytes(bytes.bytes), client: client, seconds: seconds))
  }

  /// Whether a text is of letters, numbers and underscores.
  private static func isName(_ text: ExactString) -> Bool {
    // A mark belongs to the letter before it.
    let marks: [Unicode.GeneralCategory] = [.nonspacingMark, .spacingMark]
    return text.byteCount > 0
      && text.text.unicodeScalars.allSatisfy { scalar in
        scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
          || marks.contains(scalar.properties.generalCategory)
      }
  }

  /// The file's text.
  package var text: String { lines.map { Self.text(of: $0) + "\n" }.joined() }

  /// One line of the file, without its end.
  package static func text(of line: Line) -> String {
    switch line {
    case .comment(let text): return text.text
    case .setting(let name, let words): return "%" + ([name] + words).map(\.text).joined(separator: " ")
    case .message(let message):
      let client = message.client == "" ? "" : "\(message.client) "
      let arrow = message.sender == .client ? "-->" : "<--"
      let time = message.seconds.map { "@\(($0 * 1e6).rounded() / 1e6) " } ?? ""
      return switch message.content {
      case .message(let text): client + arrow + " " + time + text
      case .bytes(let bytes): client + arrow + "! " + time + RawBytes(bytes).json.text
      }
    }
  }

  /// All words of the settings of this name.
  package func setting(_ name: ExactString) -> [ExactString] {
    lines.flatMap { line -> [ExactString] in
      if case .setting(name, let words) = line { words } else { [] }
    }
  }

  /// Names of fields whose values are not compared.
  package var masks: Set<ExactString> { Set(setting("mask")) }

  /// Whether messages have headers instead of a line each.
  package var usesHeaders: Bool { setting("framing").last == "headers" }

  package var messages: [Message] {
    lines.compactMap { line in
      if case .message(let message) = line { message } else { nil }
    }
  }

  /// The names of its clients in the order in which they appear.
  package var clients: [ExactString] {
    var seen: Set<ExactString> = []
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
