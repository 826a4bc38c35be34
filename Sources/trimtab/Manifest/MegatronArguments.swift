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

  private var arguments: [String: String] = [:]
  private var variables: [String: String] = [:]

  init(_ text: String) {
    var lexer = ShellWords(text)
    while let word = lexer.next() { read(word) }
    deduce()
  }

  private var pending: String?

  private mutating func read(_ word: String) {
    if let equals = word.firstIndex(of: "="), !word.hasPrefix("-"), Self.isName(word[..<equals]) {
      let name = String(word[..<equals].last == "+" ? word[..<equals].dropLast() : word[..<equals])
      let value = expanded(String(word[word.index(after: equals)...]))
      variables[name] = value
      pending = nil
      for inner in value.split(whereSeparator: \.isWhitespace) { readArgument(String(inner)) }
    } else {
      for inner in expanded(word).split(whereSeparator: \.isWhitespace) { readArgument(String(inner)) }
    }
  }

  private mutating func readArgument(_ word: String) {
    guard word.hasPrefix("--") else {
      if let name = pending { arguments[name] = word }
      pending = nil
      return
    }
    let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1)
    let name = parts.first.map { String($0).replacing("_", with: "-") } ?? ""
    if parts.count == 2 {
      arguments[name] = String(parts[1])
      pending = nil
    } else {
      pending = name
    }
  }

  private static func isName(_ text: Substring) -> Bool {
    let text = text.last == "+" ? text.dropLast() : text
    return !text.isEmpty && text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
      && !(text.first?.isNumber ?? true)
  }

  /// A word with the values of variables, and of arithmetic on them.
  private func expanded(_ word: String) -> String {
    var result = ""
    var rest = Substring(word)
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      if rest.hasPrefix("(("), let end = rest.firstRange(of: "))") {
        result += computed(rest[rest.index(rest.startIndex, offsetBy: 2)..<end.lowerBound])
        rest = rest[end.upperBound...]
      } else if rest.hasPrefix("{"), let end = rest.firstIndex(of: "}") {
        let inner = rest[rest.index(after: rest.startIndex)..<end]
        let parts = inner.split(separator: ":", maxSplits: 1)
        let fallback = parts.count > 1 ? parts[1].drop { $0 == "-" || $0 == "=" } : ""
        result += parts.first.flatMap { variables[String($0)] } ?? String(fallback)
        rest = rest[rest.index(after: end)...]
      } else {
        let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        result += variables[String(name)] ?? ""
        rest = rest[name.endIndex...]
      }
    }
    return result + rest
  }

  /// A product or quotient from left to right; empty where it is something else.
  private func computed(_ expression: Substring) -> String {
    var value: Int?
    var operation: Character = "*"
    var word = ""
    func apply() -> Bool {
      let name = word.replacing("$", with: "").replacing("{", with: "").replacing("}", with: "")
      guard let number = Int(variables[name] ?? name) else { return false }
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
      word = ""
      return true
    }
    for character in expression where !character.isWhitespace {
      guard character == "*" || character == "/" else {
        word.append(character)
        continue
      }
      guard apply() else { return "" }
      operation = character
    }
    return apply() ? value.map { "\($0)" } ?? "" : ""
  }

  // MARK: What follows

  private func integer(_ names: String...) -> Int? {
    names.lazy.compactMap { arguments[$0].flatMap { Int($0) } }.first { $0 > 0 }
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
  private var characters: Substring

  init(_ text: String) { characters = Substring(text) }

  mutating func next() -> String? {
    var word = ""
    var isWord = false
    var quote: Character?
    while let character = characters.popFirst() {
      if let open = quote {
        if character == open { quote = nil } else { word.append(character) }
        continue
      }
      switch character {
      case "\"", "'":
        quote = character
        isWord = true
      case "\\":
        // A line that goes on separates words, too.
        if let escaped = characters.popFirst(), !escaped.isNewline {
          word.append(escaped)
          isWord = true
        } else if isWord {
          return word
        }
      case "#" where !isWord: characters = characters.drop { !$0.isNewline }
      case "$" where characters.hasPrefix("(("):
        let end = characters.firstRange(of: "))")?.upperBound ?? characters.endIndex
        word += "$" + characters[..<end]
        characters = characters[end...]
        isWord = true
      case "(", ")", ";", "&", "|":
        if isWord { return word }
      default:
        if character.isWhitespace {
          if isWord { return word }
        } else {
          word.append(character)
          isWord = true
        }
      }
    }
    return isWord ? word : nil
  }
}
