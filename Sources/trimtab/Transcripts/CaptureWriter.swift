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
    return "# Recorded by trimtab record: \(words.joined(separator: " ").replacing("\n", with: " "))\n"
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
        case .frame(let frame): message(client.withBytes(of: frame, Self.string), sender, seconds, &text)
        case .broken, .oversizedLine: raw(bytes, sender, seconds, &text)
        }
      }
    case .server:
      guard !server.isBroken else { return raw(bytes, sender, seconds, &text) }
      server.append(bytes)
      while let event = server.next() {
        switch event {
        case .frame(let frame): message(server.withBytes(of: frame, Self.string), sender, seconds, &text)
        case .broken, .oversizedLine: raw(bytes, sender, seconds, &text)
        }
      }
    }
  }

  /// Adds what the ends of both streams leave over.
  mutating func finish(at seconds: Double, to text: inout String) {
    if case .frame(let frame)? = client.finish() {
      message(client.withBytes(of: frame, Self.string), .client, seconds, &text)
    }
    if case .frame(let frame)? = server.finish() {
      message(server.withBytes(of: frame, Self.string), .server, seconds, &text)
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

  private static func string(_ bytes: UnsafeBufferPointer<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

  private mutating func message(
    _ string: String, _ sender: Capture.Sender, _ seconds: Double, _ text: inout String
  ) {
    var message = Capture.Message(sender, string)
    message.seconds = options.keepsTimes ? seconds : nil
    if options.redacts || string.utf8.contains(0x0A) || string.utf8.contains(0x0D) {
      // One line each; what is no JSON keeps its bytes.
      if let json = message.json {
        message.text = (options.redacts ? redaction.redacted(json) : json).text
      } else {
        message.isRaw = true
        message.text = options.redacts ? "redacted" : message.text + "\n"
      }
    }
    if !options.keepsProgress, Self.mayBeProgress(string), Capture.isProgress(message) { return }
    text += Capture.text(of: .message(message)) + "\n"
  }

  private func raw(
    _ bytes: UnsafeRawBufferPointer, _ sender: Capture.Sender, _ seconds: Double, _ text: inout String
  ) {
    var message = Capture.Message(sender, String(decoding: bytes, as: UTF8.self), isRaw: true)
    if options.redacts { message.text = "redacted" }
    message.seconds = options.keepsTimes ? seconds : nil
    text += Capture.text(of: .message(message)) + "\n"
  }
}
