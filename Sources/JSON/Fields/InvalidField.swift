internal import Basics

/// A value that does not fit where it stands, described so that a person or a program can correct it.
package struct InvalidField: Error, Hashable, Sendable, CustomStringConvertible {
  /// One step from a value to a value inside it.
  package enum PathComponent: Hashable, Sendable {
    case key(String)
    /// From 0.
    case index(Int)

    /// Keys are those of a client: they are compared by their bytes, see `ExactString`.
    package static func == (first: PathComponent, second: PathComponent) -> Bool {
      switch (first, second) {
      case (.key(let first), .key(let second)): ExactString(first) == ExactString(second)
      case (.index(let first), .index(let second)): first == second
      default: false
      }
    }

    package func hash(into hasher: inout Hasher) {
      switch self {
      case .key(let key): ExactString(key).hash(into: &hasher)
      case .index(let index): hasher.combine(index)
      }
    }
  }

  /// The steps from the outermost object to the value; empty for that object itself.
  package var path: [PathComponent]
  /// What would have been right, as in "a number > 0".
  package var expected: String
  /// What stood there: its JSON text, at most 80 characters, or "nothing".
  package var found: String
  /// What to do about it, if that is known.
  package var fix: String?

  package init(path: [PathComponent] = [], expected: String, found: String, fix: String? = nil) {
    self.path = path
    self.expected = expected
    self.found = found
    self.fix = fix
  }

  /// The path as a program would write it, as in `rows[3].timeSeconds`.
  package var pathText: String {
    path.reduce(into: "") { text, component in
      switch component {
      case .key(let key): text += text.isEmpty ? key : ".\(key)"
      case .index(let index): text += "[\(index)]"
      }
    }
  }

  package var description: String {
    "\(path.isEmpty ? "value" : pathText): expected \(expected), found \(found)" + (fix.map { "; \($0)" } ?? "")
  }

  /// The same error seen from the value around it. Paths grow only here, while an error unwinds.
  func inside(_ component: PathComponent) -> InvalidField {
    var outer = self
    outer.path.insert(component, at: 0)
    return outer
  }
}
