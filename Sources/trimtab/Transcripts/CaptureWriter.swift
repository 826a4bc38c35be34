internal import Basics
internal import JSON
internal import JSONRPC
internal import Transcripts

/// Turns the bytes of both directions into lines of a capture.
struct CaptureWriter: ~Copyable {
  private let options: Recorder.Options
  private var client: FrameDecoder
  private var server: FrameDecoder
  private var redaction = Redaction()
  private var isFramingKnown = false

  init(_ options: Recorder.Options) {
    self.options = options
    var limits = FrameDecoder.Limits()
    limits.maximumFrameBytes = 1 << 30
    client = FrameDecoder(limits: limits)
    server = FrameDecoder(limits: limits)
  }

  func head(_ command: [String]) -> String {
    let words = options.redacts ? [] : command
    return "# Recorded by trimtab record: \(words.joined(separator: " ").replacingBytes(of: "\n", with: " "))\n"
  }

  /// Adds the lines of the messages that end within `bytes`.
  mutating func add(
    _ bytes: UnsafeRawBufferPointer, from sender: Capture.Sender, seconds: Double, to text: inout String
  ) {
    switch sender {
    case .client:
      guard !client.isBroken else { return raw(bytes, sender, seconds, &text) }
      client.append(bytes)
      while let event = client.next() {
        noteFraming(&text)
        switch event {
        case .frame(let frame):
          let usesHeaders = client.framing == .headers
          let content = client.withBytes(of: frame) { RawBytes.content($0, withHeaders: usesHeaders) }
          message(content, sender, seconds, withHeaders: usesHeaders, &text)
        case .broken, .oversizedLine: raw(bytes, sender, seconds, &text)
        }
      }
    case .server:
      guard !server.isBroken else { return raw(bytes, sender, seconds, &text) }
      server.append(bytes)
      while let event = server.next() {
        switch event {
        case .frame(let frame):
          let usesHeaders = server.framing == .headers
          let content = server.withBytes(of: frame) { RawBytes.content($0, withHeaders: usesHeaders) }
          message(content, sender, seconds, withHeaders: usesHeaders, &text)
        case .broken, .oversizedLine: raw(bytes, sender, seconds, &text)
        }
      }
    }
  }

  /// Adds what the ends of both streams leave over.
  mutating func finish(at seconds: Double, to text: inout String) {
    // Only a line may end with its stream.
    if case .frame(let frame)? = client.finish() {
      let content = client.withBytes(of: frame) { RawBytes.content($0, withHeaders: false) }
      message(content, .client, seconds, withHeaders: false, &text)
    }
    if case .frame(let frame)? = server.finish() {
      let content = server.withBytes(of: frame) { RawBytes.content($0, withHeaders: false) }
      message(content, .server, seconds, withHeaders: false, &text)
    }
  }

  /// False where the method is another for certain: to parse each message would take most of the time.
  private static func mayBeProgress(_ string: String) -> Bool {
    var string = string
    return string.withUTF8 { bytes in
      // The name may be written with escapes.
      if bytes.contains(UInt8(ascii: "\\")) { return true }
      var rest = bytes[...]
      while let start = rest.firstIndex(of: UInt8(ascii: "$")) {
        if rest[start...].starts(with: "$/progress".utf8) { return true }
        rest = rest[(start + 1)...]
      }
      return false
    }
  }

  private mutating func noteFraming(_ text: inout String) {
    guard !isFramingKnown else { return }
    isFramingKnown = true
    if client.framing == .headers { text += "%framing headers\n" }
  }

  private mutating func message(
    _ content: Capture.Message.Content, _ sender: Capture.Sender, _ seconds: Double, withHeaders: Bool,
    _ text: inout String
  ) {
    guard case .message(let string) = content else { return add(content, sender, seconds, &text) }
    var message = Capture.Message(sender, string)
    let isOneLine = !string.utf8.contains { $0 == 0x0A || $0 == 0x0D }
    if options.redacts || !isOneLine || string.utf8.first == UInt8(ascii: "@") {
      guard let json = message.json else {
        // What is no JSON keeps its bytes, also where they would read as two lines or as a time.
        return add(.bytes(RawBytes.frame(Array(string.utf8), withHeaders: withHeaders)), sender, seconds, &text)
      }
      message.content = .message((options.redacts ? redaction.redacted(json) : json).text)
    }
    if !options.keepsProgress, Self.mayBeProgress(string), Capture.isProgress(message) { return }
    add(message.content, sender, seconds, &text)
  }

  private func raw(
    _ bytes: UnsafeRawBufferPointer, _ sender: Capture.Sender, _ seconds: Double, _ text: inout String
  ) {
    add(.bytes(Array(bytes)), sender, seconds, &text)
  }

  private func add(
    _ content: Capture.Message.Content, _ sender: Capture.Sender, _ seconds: Double, _ text: inout String
  ) {
    var content = content
    if options.redacts, case .bytes = content { content = .bytes(Array("redacted".utf8)) }
    let message = Capture.Message(sender, content, seconds: options.keepsTimes ? seconds : nil)
    text += Capture.text(of: .message(message)) + "\n"
  }
}
