/// Which layers each stage of a model holds, as Megatron-Core's `pipeline_model_parallel_layout` says it.
///
/// In `Et*3|(tt|)*29,m|L` a bar ends a stage, `x*n` repeats a layer or a bar and `(...)*n` a group, and commas mean
/// nothing. Stages are listed chunk by chunk, so stage `s` of P ranks is on rank `s mod P`; a stage may be empty
/// (`megatron/core/transformer/pipeline_parallel_layer_layout.py`, which also says in which order repetitions are
/// unrolled: groups first, single characters after them, neither nested).
public struct StageLayout: Sendable, Equatable {
  public enum Layer: UInt8, Sendable, CaseIterable {
    case embedding = 0x45  // E
    case decoder = 0x74  // t
    /// Multi-token prediction.
    case prediction = 0x6D  // m
    case loss = 0x4C  // L
  }

  /// The layers of each stage, in their order.
  public let stages: [[Layer]]

  /// Characters of a layout, and of one with its repetitions written out.
  public static let (mostTextCharacters, mostCharacters) = (8192, 65_536)

  /// Reads a layout, in O(characters, repetitions written out).
  ///
  /// - Throws: ``FrontierError/invalidSchedule(_:)`` with the field `layout`.
  public init(_ text: String) throws(FrontierError) {
    do throws(ScheduleError) {
      let groups = try Self.unrolled(text.utf8.filter { $0 != Character.comma }, groups: true)
      var stages: [[Layer]] = [[]]
      for (place, byte) in try Self.unrolled(groups, groups: false).enumerated() {
        if byte == Character.bar {
          stages.append([])
        } else if let layer = Layer(rawValue: byte) {
          stages[stages.count - 1].append(layer)
        } else {
          throw Self.error(
            expected: "E, t, m, L, bars, commas, x*n and (...)*n without parentheses inside",
            found: "\(Unicode.Scalar(byte)) as character \(place), repetitions written out")
        }
      }
      self.stages = stages
    } catch {
      throw .invalidSchedule(error)
    }
  }

  /// The stages without layers, which take no time.
  public var emptyStages: [Int] { stages.indices.filter { stages[$0].isEmpty } }

  /// The layout in its shortest usual form: layers that repeat as `t*3`, stages that repeat as `(tt|)*29`.
  public var text: String {
    var text = ""
    func add(_ part: String) {
      // As is usual, a comma parts a count from the layer after it.
      if let last = text.last, last.isNumber, part.first?.isLetter ?? false { text += "," }
      text += part
    }
    var index = 0
    while index < stages.count {
      let isLast = { (stage: Int) in stage == stages.count - 1 }
      var end = index
      while end < stages.count, !isLast(end), stages[end] == stages[index] { end += 1 }
      let repeats = end - index
      let layers = stages[index]
      let isUniform = Set(layers).count <= 1 && layers.count > 2
      if repeats > 2, !isUniform {
        add(layers.isEmpty ? "|*\(repeats)" : "(\(Self.text(layers))|)*\(repeats)")
        index = end
      } else {
        add(Self.text(layers) + (isLast(index) ? "" : "|"))
        index += 1
      }
    }
    return text
  }

  private static func text(_ layers: [Layer]) -> String {
    var (text, index) = ("", 0)
    while index < layers.count {
      let end = layers[index...].firstIndex { $0 != layers[index] } ?? layers.count
      let letter = String(Unicode.Scalar(layers[index].rawValue))
      if text.last?.isNumber ?? false { text += "," }
      text += end - index > 2 ? "\(letter)*\(end - index)" : String(repeating: letter, count: end - index)
      index = end
    }
    return text
  }

  private enum Character {
    static let comma = UInt8(ascii: ",")
    static let bar = UInt8(ascii: "|")
    static let star = UInt8(ascii: "*")
    static let open = UInt8(ascii: "(")
    static let close = UInt8(ascii: ")")
  }

  /// Writes out `(...)*n`, or else `x*n`.
  private static func unrolled(_ bytes: [UInt8], groups: Bool) throws(ScheduleError) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      var (unit, end) = (index..<(index + 1), index + 1)
      if groups, bytes[index] == Character.open {
        guard let close = bytes[index...].firstIndex(of: Character.close), close > index + 1 else {
          throw error(expected: "a group such as (tt|)*29", found: "a parenthesis that opens none")
        }
        (unit, end) = ((index + 1)..<close, close + 1)
      }
      let isRepeated = (!groups || unit.lowerBound > index) && end < bytes.count && bytes[end] == Character.star
      if isRepeated, let count = number(bytes[(end + 1)...]) {
        let length = unit.count.multipliedReportingOverflow(by: count.value)
        guard !length.overflow, length.partialValue <= mostCharacters - result.count else {
          throw error(expected: "at most \(mostCharacters) characters, repetitions written out", found: "more")
        }
        for _ in 0..<count.value { result += bytes[unit] }
        index = count.end
      } else if unit.lowerBound > index {
        throw error(expected: "a count after each group, as in (tt|)*29", found: "a group without one")
      } else {
        guard result.count < mostCharacters else {
          throw error(expected: "at most \(mostCharacters) characters", found: "more")
        }
        result.append(bytes[index])
        index = end
      }
    }
    return result
  }

  /// The number that some text begins with, and where it ends; nil where there is none, or a huge one.
  private static func number(_ text: ArraySlice<UInt8>) -> (value: Int, end: Int)? {
    let digits = text.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard let value = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
    return (value, digits.endIndex)
  }

  private static func error(expected: String, found: String) -> ScheduleError {
    ScheduleError(
      field: "layout", expected: expected, found: found,
      fix: "write it as Megatron's pipeline_model_parallel_layout, such as Et*3|(tt|)*29,m|L")
  }
}
