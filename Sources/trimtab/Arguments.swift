internal import Basics
internal import JSON

/// Options of the form `--name value` or `--name=value`, flags `--name`, and plain words.
struct Arguments {
  private(set) var words: [String] = []
  private var values: [ExactString: String] = [:]
  private var flags: Set<ExactString> = []

  /// Sorts the arguments.
  ///
  /// - Throws: ``CommandFailure`` with status `usage` for an option that is unknown, repeated, or lacks its value.
  init(_ arguments: [String], options: Set<String>, flags known: Set<String>) throws(CommandFailure) {
    let (valued, plain) = (Set(options.map { ExactString($0) }), Set(known.map { ExactString($0) }))
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.utf8.first == UInt8(ascii: "-"), argument.utf8.count > 1 else {
        words.append(argument)
        continue
      }
      let parts = argument.utf8.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      let name = ExactString(String(Substring(parts[0])))
      if plain.contains(name) && parts.count == 1 {
        flags.insert(name)
      } else if valued.contains(name) {
        guard let value = parts.count == 2 ? String(Substring(parts[1])) : rest.popFirst() else {
          throw CommandFailure(status: .usage, message: "expected a value after \(name), found nothing")
        }
        guard values.updateValue(value, forKey: name) == nil else {
          throw CommandFailure(status: .usage, message: "expected \(name) once, found it twice")
        }
      } else {
        let names = options.union(known).sorted()
        let hint = UnknownField.nearest(to: name.text, among: names).map { "; did you mean \($0)?" } ?? ""
        let expected = names.isEmpty ? "no option but --help" : "one of \(names.joined(separator: " "))"
        throw CommandFailure(status: .usage, message: "expected \(expected), found \(Preview.quoted(argument))\(hint)")
      }
    }
  }

  /// Refuses arguments where a command takes none.
  ///
  /// - Throws: ``CommandFailure`` with status `usage`.
  static func none(after command: String, _ arguments: [String]) throws(CommandFailure) {
    if let word = try Arguments(arguments, options: [], flags: []).words.first {
      throw CommandFailure(
        status: .usage, message: "expected nothing after \(command), found \"\(word)\"; see trimtab --help")
    }
  }

  func has(_ flag: String) -> Bool { flags.contains(ExactString(flag)) }

  func text(_ name: String) -> String? { values[ExactString(name)] }

  /// A whole number in a range; nil when the option is absent.
  func integer(_ name: String, in range: ClosedRange<Int>) throws(CommandFailure) -> Int? {
    guard let text = text(name) else { return nil }
    if let value = Int(text), range.contains(value) { return value }
    throw CommandFailure(
      status: .usage,
      message: "\(name): expected an integer in \(range.lowerBound)...\(range.upperBound), found \"\(text)\"")
  }

  /// A finite number of at least `least`; nil when the option is absent.
  func number(_ name: String, atLeast least: Double) throws(CommandFailure) -> Double? {
    guard let text = text(name) else { return nil }
    if let value = Double(text), value.isFinite, value >= least { return value }
    throw CommandFailure(
      status: .usage, message: "\(name): expected a finite number of at least \(least), found \"\(text)\"")
  }

  /// The value of an option that takes one of a few words; nil when the option is absent.
  func word(_ name: String, of words: [String]) throws(CommandFailure) -> ExactString? {
    guard let text = text(name) else { return nil }
    let word = ExactString(text)
    guard !words.contains(where: { ExactString($0) == word }) else { return word }
    throw CommandFailure(
      status: .usage, message: "\(name): expected \(words.joined(separator: " or ")), found \(Preview.quoted(word))")
  }

  /// The value of a required option.
  func required<Value>(_ name: String, _ value: Value?) throws(CommandFailure) -> Value {
    if let value { return value }
    throw CommandFailure(status: .usage, message: "expected \(name), found nothing; see trimtab --help")
  }
}
