internal import Basics
internal import EnergyFrontier
internal import JSON

/// What a script or an argument list of Megatron-LM says of the pipeline.
///
/// Arguments count wherever they stand: in the call, in a variable, in an array of the shell. Variables that the script
/// sets are known, and products and quotients of them; nothing is run.
struct MegatronArguments {
  /// The fields of pipeline/define that follow.
  private(set) var fields: [(name: String, value: JSON)] = []
  /// What could not be found out.
  private(set) var notes: [String] = []

  private var arguments: [ExactString: String] = [:]
  private var variables: [ExactString: String] = [:]

  init(_ text: String) {
    var lexer = ShellWords(text)
    while let word = lexer.next() { read(word) }
    deduce()
  }

  private var pending: ExactString?

  private mutating func read(_ word: String) {
    let parts = word.utf8.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
    // An array that grows has a plus before the sign.
    let isLonger = parts[0].last == UInt8(ascii: "+")
    let name = String(Substring(isLonger ? parts[0].dropLast() : parts[0]))
    var value = word
    if parts.count == 2, Self.isName(name) {
      value = String(Substring(parts[1]))
      variables[ExactString(name)] = expanded(value)
      pending = nil
    }
    for inner in expanded(value).unicodeScalars.split(whereSeparator: \.properties.isWhitespace) {
      readArgument(Substring(inner))
    }
  }

  private mutating func readArgument(_ word: Substring) {
    guard word.utf8.starts(with: "--".utf8) else {
      if let name = pending { arguments[name] = String(word) }
      pending = nil
      return
    }
    let parts = word.utf8.dropFirst(2).split(separator: UInt8(ascii: "="), maxSplits: 1)
    let name = ExactString(parts.first.map { String(Substring($0)).replacingBytes(of: "_", with: "-") } ?? "")
    if parts.count == 2 {
      arguments[name] = String(Substring(parts[1]))
      pending = nil
    } else {
      pending = name
    }
  }

  /// Whether a variable may have this name.
  private static func isName(_ text: String) -> Bool {
    text.utf8.allSatisfy(isNameByte) && text.utf8.first.map { !isDigit($0) } ?? false
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static func name(_ bytes: Substring.UTF8View) -> ExactString { ExactString(String(Substring(bytes))) }

  /// A word with the values of variables, and of arithmetic on them.
  private func expanded(_ word: String) -> String {
    let pieces = word[...].split(atBytes: "$")
    var result = String(pieces[0])
    var rest = word.utf8.dropFirst(pieces[0].utf8.count)
    while !rest.isEmpty {
      rest = rest.dropFirst()
      if rest.starts(with: "((".utf8), let end = Substring(rest).firstRange(ofBytes: "))") {
        result += computed(Substring(rest[..<end.lowerBound].dropFirst(2)))
        rest = rest[end.upperBound...]
      } else if rest.first == UInt8(ascii: "{"), let end = rest.firstIndex(of: UInt8(ascii: "}")) {
        let parts = rest[..<end].dropFirst().split(separator: UInt8(ascii: ":"), maxSplits: 1)
        let fallback = parts.dropFirst().first?.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "=") }
        result += parts.first.flatMap { variables[Self.name($0)] } ?? fallback.map { String(Substring($0)) } ?? ""
        rest = rest[end...].dropFirst()
      } else {
        let name = rest.prefix(while: Self.isNameByte)
        result += variables[Self.name(name)] ?? ""
        rest = rest[name.endIndex...]
      }
      let plain = rest.prefix { $0 != UInt8(ascii: "$") }
      result += Substring(plain)
      rest = rest[plain.endIndex...]
    }
    return result
  }

  /// A product or quotient from left to right; empty where it is something else.
  private func computed(_ expression: Substring) -> String {
    var value: Int?
    var operation: Unicode.Scalar = "*"
    var word = String.UnicodeScalarView()
    func apply() -> Bool {
      let name = String(word)
      guard let number = Int(variables[ExactString(name)] ?? name) else { return false }
      switch (value, operation) {
      case (nil, _): value = number
      case (let left?, "*"):
        let product = left.multipliedReportingOverflow(by: number)
        guard !product.overflow else { return false }
        value = product.partialValue
      case (let left?, _):
        guard number != 0 else { return false }
        value = left / number
      }
      word.removeAll()
      return true
    }
    let marks: [Unicode.Scalar] = ["$", "{", "}"]
    for scalar in expression.unicodeScalars where !scalar.properties.isWhitespace && !marks.contains(scalar) {
      guard scalar == "*" || scalar == "/" else {
        word.append(scalar)
        continue
      }
      guard apply() else { return "" }
      operation = scalar
    }
    return apply() ? value.map { "\($0)" } ?? "" : ""
  }

  // MARK: What follows

  private func integer(_ names: String...) -> Int? {
    names.lazy.compactMap { arguments[ExactString($0)].flatMap { Int($0) } }.first { $0 > 0 }
  }

  private mutating func deduce() {
    let ranks = integer("pipeline-model-parallel-size") ?? 1
    let tensor = integer("tensor-model-parallel-size") ?? 1
    let context = integer("context-parallel-size") ?? 1
    let chunks = chunksPerRank(ranks)
    set("stages", ranks * chunks)
    fields.append(("schedule", .string(chunks > 1 ? "interleaved1f1b" : "1f1b")))
    if chunks > 1 { set("chunksPerRank", chunks) }
    if let group = integer("microbatch-group-size-per-virtual-pipeline-stage"), chunks > 1 {
      set("microbatchGroupSize", group)
    }
    if let layout = arguments["pipeline-model-parallel-layout"] { fields.append(("layout", .string(layout))) }
    if tensor > 1 { set("tensorParallelWidth", tensor) }
    if context > 1 { set("contextParallelWidth", context) }
    let width = worldSize.map { $0 / max(ranks * tensor * context, 1) }
    if let width, width > 1 { set("dataParallelWidth", width) }
    if width == nil { notes.append("how many GPUs run it: --data-parallel N says how many replicas there are") }
    if let global = integer("global-batch-size"), let width, width > 0 {
      set("microbatches", max(global / (integer("micro-batch-size") ?? 1) / width, 1))
    } else {
      notes.append("how many microbatches an iteration has: --microbatches N")
    }
  }

  private mutating func set(_ name: String, _ value: Int) { fields.append((name, .integer(Int64(value)))) }

  private func chunksPerRank(_ ranks: Int) -> Int {
    if let chunks = integer("num-virtual-stages-per-pipeline-rank") { return chunks }
    if let layers = integer("num-layers"), let each = integer("num-layers-per-virtual-pipeline-stage") {
      return max(layers / ranks / each, 1)
    }
    // A layout has as many stages as it has parts.
    if let layout = arguments["pipeline-model-parallel-layout"], let stages = try? StageLayout(layout).stages.count {
      return max(stages / ranks, 1)
    }
    return 1
  }

  private var worldSize: Int? {
    if let each = integer("nproc-per-node") { return each * (integer("nnodes") ?? 1) }
    return variables["WORLD_SIZE"].flatMap { Int($0) }
  }
}

/// The words of a shell script, as far as arguments go: quotes, escapes, comments and joined lines.
private struct ShellWords {
  private var rest: Substring.UnicodeScalarView

  init(_ text: String) { rest = Substring(text).unicodeScalars }

  mutating func next() -> String? {
    var word = String.UnicodeScalarView()
    var isWord = false
    var quote: Unicode.Scalar?
    while let scalar = rest.popFirst() {
      if let open = quote {
        if scalar == open { quote = nil } else { word.append(scalar) }
        continue
      }
      switch scalar {
      case "\"", "'":
        quote = scalar
        isWord = true
      case "\\":
        // A line that goes on separates words, too.
        if rest.first == "\r" { rest.removeFirst() }
        if let escaped = rest.popFirst(), escaped != "\n" {
          word.append(escaped)
          isWord = true
        } else if isWord {
          return String(word)
        }
      case "#" where !isWord: rest = rest.drop { $0 != "\n" }
      case "$" where rest.starts(with: "((".unicodeScalars):
        let end = Substring(rest).firstRange(ofBytes: "))")?.upperBound ?? rest.endIndex
        word.append(scalar)
        word += rest[..<end]
        rest = rest[end...]
        isWord = true
      case "(", ")", ";", "&", "|":
        if isWord { return String(word) }
      default:
        if scalar.properties.isWhitespace {
          if isWord { return String(word) }
        } else {
          word.append(scalar)
          isWord = true
        }
      }
    }
    return isWord ? String(word) : nil
  }
}
