package import JSON
package import ManifestText

// Fields of the Language Server Protocol that several of its methods share. What an editor sends may have more than is
// read here, and nothing is warned of.

/// Params that name a document.
package protocol DocumentScoped: ObjectReadable {
  var uri: String { get }
}

/// A document that an editor has open.
struct DocumentReference: ObjectReadable {
  let uri: String
  let version: Int?

  init(from reader: inout ObjectReader) throws(InvalidField) {
    uri = try reader.required("uri", .text(1...65536), "The document's URI, as the editor spells it.")
    version = try reader.optional("version", .version, "The state of its text.")
  }
}

extension Shape where Value == Int {
  /// What an editor counts its states of a text by.
  static var version: Shape { .integer(in: Int(Int32.min)...Int(Int32.max)) }
}

/// A place in a document, as an editor sends it.
struct DocumentPosition: ObjectReadable {
  let position: TextPosition

  init(from reader: inout ObjectReader) throws(InvalidField) {
    position = TextPosition(
      line: try reader.required("line", .integer(in: 0...Int(UInt32.max)), "From 0."),
      character: try reader.required(
        "character", .integer(in: 0...Int(UInt32.max)),
        "Units of the position encoding from the beginning of the line; too many stand for the line's end."))
  }
}

/// A range of a document, as an editor sends it.
struct DocumentRange: ObjectReadable {
  let range: TextRange

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let start: DocumentPosition = try reader.required("start", .object(), "Where it begins.")
    let end: DocumentPosition = try reader.required("end", .object(), "Where it ends.")
    range = TextRange(start: start.position, end: end.position)
  }
}

/// Params that name a document and nothing else.
package struct DocumentParams: DocumentScoped {
  package let uri: String

  package init(from reader: inout ObjectReader) throws(InvalidField) { uri = try reader.document() }
}

/// Params that name a place in a document.
package struct PlaceParams: DocumentScoped {
  package let uri: String
  let position: TextPosition

  package init(from reader: inout ObjectReader) throws(InvalidField) {
    uri = try reader.document()
    let place: DocumentPosition = try reader.required("position", .object(), "The cursor.")
    position = place.position
  }
}

/// Params that name a range of a document.
package struct RangeParams: DocumentScoped {
  package let uri: String
  let range: TextRange

  package init(from reader: inout ObjectReader) throws(InvalidField) {
    uri = try reader.document()
    let range: DocumentRange = try reader.required("range", .object(), "The part of it that is asked about.")
    self.range = range.range
  }
}

extension ObjectReader {
  /// The document's URI.
  mutating func document() throws(InvalidField) -> String {
    let document: DocumentReference = try required("textDocument", .object(), "The document.")
    return document.uri
  }
}

extension TextPosition: AnswerObject {
  package static let fields = Fields<TextPosition> {
    Field("line", "From 0.") { $0.line }
    Field("character", "Units of the position encoding from the beginning of the line.") { $0.character }
  }
}

extension TextRange: AnswerObject {
  package static let fields = Fields<TextRange> {
    Field("start", "Where it begins.") { $0.start }
    Field("end", "Behind its last character.") { $0.end }
  }
}

/// A change of a document that the client is to make.
package struct TextEditFields: AnswerObject, Sendable {
  let range: TextRange
  let newText: String

  package static let fields = Fields<TextEditFields> {
    Field("range", "What is replaced.") { $0.range }
    Field("newText", "What stands there instead.") { $0.newText }
  }
}
