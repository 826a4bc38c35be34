package import Basics

/// What is declared about one field of a message, for generated documents.
package struct FieldSchema: Sendable, Hashable {
  package let name: String
  package let type: FieldType
  /// What a parameter must be, as in "a number > 0"; for an answer the type in words.
  package let expectation: String
  /// Whether the field is always there.
  package let isRequired: Bool
  /// As in "s" or "J"; nil for what is no quantity.
  package let unit: String?
  package let doc: String

  /// - Parameter unit: by default the one that the name ends with, as in `timeSeconds`.
  package init(
    name: String, type: FieldType, expectation: String? = nil, isRequired: Bool, unit: String? = nil, doc: String
  ) {
    self.name = name
    self.type = type
    self.expectation = expectation ?? type.name
    self.isRequired = isRequired
    self.unit = unit ?? Self.unit(of: name)
    self.doc = doc
  }

  /// The fields inside, for an object or a list of objects.
  package var children: [FieldSchema] { type.children }

  /// Names end with their unit; longer endings first.
  private static let units = [
    ("PerSecond", "1/s"), ("gpuSeconds", "GPU s"), ("GPUSeconds", "GPU s"), ("Seconds", "s"), ("Joules", "J"),
    ("Watts", "W"), ("Bytes", "B"), ("Fraction", "1"), ("Fractions", "1"), ("Factor", "1"), ("Ratio", "1"),
  ]

  private static func unit(of name: String) -> String? {
    units.first { name.hasSuffix($0.0) || name == $0.0.prefix(1).lowercased() + $0.0.dropFirst() }?.1
  }
}

extension [FieldSchema] {
  /// The field with a name that may be a client's; nil where there is none. O(fields).
  package func named(_ name: ExactString) -> FieldSchema? { first { ExactString($0.name) == name } }
}

/// Finds out which fields a type reads by running its initialiser.
package enum Schema {
  /// The fields of `type` in the order it reads them.
  ///
  /// The initialiser gets placeholders. If it throws on them, fields it would have read later are missing, so rules
  /// across fields belong in ``ObjectReader/check(_:_:expected:fix:)``, which does not run while recording.
  package static func of<T: ObjectReadable>(_ type: T.Type) -> [FieldSchema] { record(type).fields }

  /// Why the initialiser of `type` throws on placeholders, which cuts its documentation short; nil where it does not.
  package static func fault<T: ObjectReadable>(in type: T.Type) -> InvalidField? { record(type).fault }

  /// The names of the fields that `type` knows, those that it passes over included.
  static func knownNames<T: ObjectReadable>(of type: T.Type) -> [String] {
    let record = record(type)
    return record.fields.map(\.name) + record.accepted
  }

  private static func record<T: ObjectReadable>(
    _ type: T.Type
  ) -> (fields: [FieldSchema], accepted: [String], fault: InvalidField?) {
    var reader = ObjectReader.recording()
    do throws(InvalidField) {
      _ = try T(from: &reader)
      return (reader.recorded ?? [], reader.accepted, nil)
    } catch {
      return (reader.recorded ?? [], reader.accepted, error)
    }
  }
}
