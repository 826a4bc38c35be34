internal import Basics
internal import JSON

// A manifest's keys are the declared names of fields in snake case: `parameterCount` is `parameter_count`.
package enum ManifestName {
  /// The key of a declared field: a word begins at each capital letter, and capitals in a row are one word.
  package static func key(of declared: String) -> String {
    var key = ""
    var previous: Unicode.Scalar = "_"
    for scalar in declared.unicodeScalars {
      if scalar.properties.isUppercase, !previous.properties.isUppercase, previous != "_" { key += "_" }
      key += scalar.properties.lowercaseMapping
      previous = scalar
    }
    return key
  }

  /// A text of the protocol about fields, such as an error, in the words of a manifest.
  ///
  /// - Parameter declared: names of fields; only those with more than one word differ.
  static func inManifest(_ text: String, _ declared: Set<ExactString>) -> String {
    // By scalars: a text may quote a client's, whose characters can be as long as a message.
    var result = String.UnicodeScalarView()
    var word = String.UnicodeScalarView()
    func flush() {
      let name = ExactString(String(word))
      result += declared.contains(name) ? key(of: name.text).unicodeScalars : word
      word.removeAll()
    }
    for scalar in text.unicodeScalars {
      if scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_" {
        word.append(scalar)
      } else {
        flush()
        result.append(scalar)
      }
    }
    flush()
    return String(result)
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
    text.utf8.split(separator: UInt8(ascii: ".")).flatMap { part -> [InvalidField.PathComponent] in
      let bracket = UInt8(ascii: "[")
      return part.split(separator: bracket).enumerated().compactMap { index, piece in
        if index == 0, part.first != bracket { return .key(String(Substring(piece))) }
        return Int(Substring(piece.dropLast())).map { .index($0) }
      }
    }
  }
}
