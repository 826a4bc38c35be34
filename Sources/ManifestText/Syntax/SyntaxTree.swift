package import Basics

/// A half-open range of a text, in bytes of UTF-8 from its beginning.
package struct SourceRange: Hashable, Sendable {
  package var lower: Int
  package var upper: Int

  package init(_ lower: Int, _ upper: Int) { (self.lower, self.upper) = (lower, upper) }

  /// Whether a cursor at `offset` touches the range: its end counts, since one types there.
  package func touches(_ offset: Int) -> Bool { offset >= lower && offset <= upper }
}

/// A value of a manifest, with where it stands.
package struct SyntaxNode: Hashable, Sendable {
  package enum Value: Hashable, Sendable {
    case string(String)
    case integer(Int64)
    case float(Double)
    case boolean(Bool)
    /// JSON's null; TOML has none.
    case null
    /// A date, a time, or both, as TOML writes them.
    case dateTime(String)
    case list([SyntaxNode])
    case table(SyntaxTable)
    /// A key without a value, or with one that cannot be read; the tree's errors say what is wrong with it.
    case missing
  }

  /// From the first byte of the value to behind its last; where TOML's headers write a table, that of its first header.
  package var range: SourceRange
  package var value: Value

  package init(range: SourceRange, value: Value) { (self.range, self.value) = (range, value) }
}

/// Keys and values in the order in which they stand.
package struct SyntaxTable: Hashable, Sendable {
  package struct Member: Hashable, Sendable {
    package var key: ExactString
    /// Every place that writes this key: a table of TOML may be written by several headers and dotted keys.
    package var keyRanges: [SourceRange]
    package var node: SyntaxNode

    package init(key: ExactString, keyRanges: [SourceRange], node: SyntaxNode) {
      (self.key, self.keyRanges, self.node) = (key, keyRanges, node)
    }
  }

  package var members: [Member]

  package init(members: [Member] = []) { self.members = members }

  package subscript(key: String) -> Member? { members.first { $0.key == ExactString(key) } }
}

/// What cannot be read in a text, and how to mend it.
package struct SyntaxError: Error, Hashable, Sendable {
  package var range: SourceRange
  /// What was expected and what stands there.
  package var message: String
  package var remedy: String?

  package init(range: SourceRange, message: String, remedy: String? = nil) {
    (self.range, self.message, self.remedy) = (range, message, remedy)
  }
}

/// A manifest as text: everything that could be read of it, also where it is half written.
package struct SyntaxTree: Hashable, Sendable {
  package enum Language: Hashable, Sendable { case toml, json }

  package var language: Language
  package var root: SyntaxTable
  /// In the order of the text; empty exactly where the text is a valid document of its language. At most
  /// ``errorLimit``.
  package var errors: [SyntaxError]
  /// TOML's headers and pairs of key and value in the order of the text, but for pairs inside inline tables; none for
  /// JSON, where the tree alone says where everything stands.
  package var entries: [SyntaxEntry]
  /// Each from its number sign to the end of its line, in order.
  package var comments: [SourceRange]
  /// In bytes.
  package var length: Int

  package static let errorLimit = 256
  /// How many tables and lists may lie inside each other; deeper ones are errors.
  package static let deepestNesting = 100

  package init(
    root: SyntaxTable, errors: [SyntaxError], language: Language = .toml, entries: [SyntaxEntry] = [],
    comments: [SourceRange] = [], length: Int = 0
  ) {
    (self.root, self.errors, self.language) = (root, errors, language)
    (self.entries, self.comments, self.length) = (entries, comments, length)
  }

  /// Reads a text of any bytes. Linear in their number, but for the names of a path to each value.
  package init(_ bytes: [UInt8], _ language: Language) {
    switch language {
    case .toml: self = TOMLReader.tree(of: bytes)
    case .json: self = JSONReader.tree(of: bytes)
    }
  }

  package init(_ text: String, _ language: Language) { self.init(Array(text.utf8), language) }
}

/// A header of TOML, or a key with its value, as it stands in the text.
package struct SyntaxEntry: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case pair
    /// `[table]`
    case header
    /// `[[list of tables]]`
    case elementHeader
  }

  /// One part of a dotted key; an empty range where the part is still to be written.
  package struct Key: Hashable, Sendable {
    package var text: ExactString
    package var range: SourceRange

    package init(text: ExactString, range: SourceRange) { (self.text, self.range) = (text, range) }
  }

  package var kind: Kind
  /// From its first byte to behind its last; a comment behind it does not count.
  package var range: SourceRange
  package var keys: [Key]
  /// The table in which the first key stands: that of the header above a pair.
  package var section: SyntaxPath
  /// Where the value of a pair is in the tree, or the table that a header opens.
  package var path: SyntaxPath
  /// What stands behind the equals sign, empty where nothing does; nil without one.
  package var valueRange: SourceRange?
}
