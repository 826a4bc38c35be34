internal import Basics

/// The text of a message and the index of its values: what the lists and objects of a parsed ``JSON`` refer to.
///
/// The index has one word for each value and each member name, in the order of the text, so it takes at most four
/// times the bytes of the text (`[0,0,...]`). Strings and numbers are made when they are asked for.
final class JSONDocument: Sendable {
  private let text: JSONText
  private let words: GrowingBuffer<UInt64>

  init(text: JSONText, words: consuming GrowingBuffer<UInt64>) {
    self.text = text
    self.words = words
  }

  /// The first byte of the text.
  @inline(__always) private var start: UnsafePointer<UInt8> {
    UnsafePointer(text.buffer.base) + text.range.lowerBound
  }

  @inline(__always) func word(_ index: Int) -> JSONWord { JSONWord(bits: words[index]) }

  /// The place of the word after the value at `index`, and after all that is inside it.
  @inline(__always) func next(after index: Int) -> Int {
    let word = word(index)
    return word.isContainer ? word.end : index + 1
  }

  /// The value at `index`.
  func value(at index: Int) -> JSON {
    let word = word(index)
    switch word.kind {
    case .null: return .null
    case .false: return .bool(false)
    case .true: return .bool(true)
    case .integer: return .integer(word.integer)
    case .number: return JSONNumber.value(at: start + word.offset)
    case .plainString, .escapedString: return .string(string(word))
    case .array: return .array(JSONArray(self, at: index))
    case .object: return .object(JSONObject(self, at: index))
    }
  }

  /// The value of the first member named `name` of the object at `index`. Linear in the number of members.
  func value(of name: UnsafeBufferPointer<UInt8>, inObjectAt index: Int) -> JSON? {
    var place = index + 1
    let end = word(index).end
    while place < end {
      if isName(at: place, name) { return value(at: place + 1) }
      place = next(after: place + 1)
    }
    return nil
  }

  /// The string or member name of `word`.
  func string(_ word: JSONWord) -> ExactString {
    let bytes = UnsafeBufferPointer(start: start + word.offset, count: word.count)
    if word.kind == .plainString { return ExactString(String(decoding: bytes, as: UTF8.self)) }
    return ExactString(JSONEscape.text(of: bytes))
  }

  /// Whether the member name at `index` has the bytes of `name`.
  @inline(__always) private func isName(at index: Int, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
    let word = word(index)
    if word.kind == .plainString {
      return word.count == name.count && equal(start + word.offset, name)
    }
    return string(word).withBytes { $0.elementsEqual(name) }
  }

  @inline(__always) private func equal(_ bytes: UnsafePointer<UInt8>, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
    for index in 0..<name.count where bytes[index] != name[index] { return false }
    return true
  }
}
