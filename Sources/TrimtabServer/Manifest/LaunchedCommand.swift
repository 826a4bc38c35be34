internal import JSON

/// What the launcher runs for each trial, as a manifest says it.
enum LaunchedCommand: Sendable {
  /// Split into words as a shell does, by the launcher: Python's `shlex.split`.
  case line(String)
  case words([String])

  static var shape: Shape<LaunchedCommand> {
    Shape<LaunchedCommand>.either(
      Shape<String>.text(1...65_536).map { .line($0) },
      Shape<[String]>.list(of: .text(1...65_536), count: 1...4096).map { .words($0) })
  }

  /// Why no program can be run by it; nil where one may. Linear in the text.
  var fault: (expected: String, fix: String)? {
    let text =
      switch self {
      case .line(let line): line
      case .words(let words): words.joined()
      }
    if text.utf8.contains(0) { return ("no NUL character, which no argument of a program can have", "remove it") }
    guard case .line(let line) = self else { return nil }
    return Self.fault(of: line)
  }

  private static func fault(of line: String) -> (expected: String, fix: String)? {
    enum Place { case blank, word, single, double }
    var place = Place.blank
    var hasWord = false
    var bytes = line.utf8.makeIterator()
    while let byte = bytes.next() {
      switch (place, byte) {
      case (.single, UInt8(ascii: "'")), (.double, UInt8(ascii: "\"")): place = .word
      case (.single, _): break
      // Between double quotes it escapes as well, at least what would end them.
      case (_, UInt8(ascii: "\\")):
        guard bytes.next() != nil else {
          return ("a character after the last backslash", "write it twice, or remove it")
        }
        if place == .blank { place = .word }
      case (.double, _): break
      case (_, UInt8(ascii: "'")): place = .single
      case (_, UInt8(ascii: "\"")): place = .double
      case (_, UInt8(ascii: " ")), (_, 0x09), (_, 0x0A), (_, 0x0D): place = .blank
      default: place = .word
      }
      hasWord = hasWord || place != .blank
    }
    if place == .single || place == .double { return ("a quote that ends what the last one began", "close the quote") }
    return hasWord ? nil : ("a program and its arguments", "name one, such as `python train.py`")
  }
}
