internal import Basics
internal import JSON

// A manifest's keys are the declared names of fields in snake case: `parameterCount` is `parameter_count`.
package enum ManifestName {
  /// The key of a declared field: a word begins at each capital letter, and capitals in a row are one word.
  package static func key(of declared: String) -> String {
    var key = ""
    var previous: Character = "_"
    for character in declared {
      if character.isUppercase, !previous.isUppercase, previous != "_" { key += "_" }
      key += character.lowercased()
      previous = character
    }
    return key
  }

  /// A text of the protocol about fields, such as an error, in the words of a manifest.
  ///
  /// - Parameter declared: names of fields; only those with more than one word differ.
  static func inManifest(_ text: String, _ declared: Set<String>) -> String {
    var result = ""
    var word = ""
    func flush() {
      result += declared.contains(word) ? key(of: word) : word
      word = ""
    }
    for character in text {
      if character.isLetter || character.isNumber || character == "_" {
        word.append(character)
      } else {
        flush()
        result.append(character)
      }
    }
    flush()
    return result
  }

  /// A value with the keys of a manifest in the place of declared names.
  static func inManifest(_ json: JSON) -> JSON {
    switch json {
    case .array(let elements): .array(elements.map(inManifest))
    case .object(let object):
      .object(
        JSONObject(members: object.map { .init(key: ExactString(key(of: $0.key.text)), value: inManifest($0.value)) }))
    default: json
    }
  }

  /// A path of keys of a manifest as a person would write it.
  static func text(_ path: [InvalidField.PathComponent]) -> String {
    InvalidField(path: path, expected: "", found: "").pathText
  }

  /// The steps of a path in the text form of errors: `constraints.deniedTags[0]`.
  static func components(_ text: String) -> [InvalidField.PathComponent] {
    text.split(separator: ".").flatMap { part -> [InvalidField.PathComponent] in
      let pieces = part.split(separator: "[")
      return pieces.enumerated().compactMap { index, piece in
        if index == 0, part.first != "[" { return .key(String(piece)) }
        return Int(piece.dropLast()).map { .index($0) }
      }
    }
  }
}
