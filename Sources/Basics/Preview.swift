/// Short forms of what clients send, for error texts: no text repeats a long name or a long list.
public enum Preview {
  /// The most characters of a name that an error text shows.
  public static let characterLimit = 80
  /// The most names of a list that an error text shows.
  public static let nameLimit = 10

  /// `name` in quotes, cut with "..." where it is longer than ``characterLimit``. Looks at no more than it shows.
  public static func quoted(_ name: String) -> String { "\"\(cut(name))\"" }

  /// `name` in quotes, cut with "..." where it is longer than ``characterLimit``.
  public static func quoted(_ name: ExactString) -> String { quoted(name.text) }

  /// The first ``nameLimit`` of `names` in quotes, and how many more there are: `"a", "b" and 7 more`; "none" for
  /// none.
  public static func list(_ names: some Collection<String>) -> String {
    guard !names.isEmpty else { return "none" }
    let shown = names.prefix(nameLimit).map(quoted).joined(separator: ", ")
    let rest = names.count - nameLimit
    return rest > 0 ? "\(shown) and \(rest) more" : shown
  }

  /// The first ``nameLimit`` of `names` in quotes, and how many more there are.
  public static func list(_ names: some Collection<ExactString>) -> String { list(names.lazy.map(\.text)) }

  /// `text`, or its beginning and "..." where it has more than `limit` Unicode scalars; in all no more than `limit`.
  ///
  /// Scalars rather than characters: one character can be megabytes of combining marks.
  public static func cut(_ text: String, limit: Int = characterLimit) -> String {
    let scalars = text.unicodeScalars
    guard text.utf8.count > limit,
      let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex), end != scalars.endIndex
    else { return text }
    return String(scalars[..<scalars.index(end, offsetBy: -min(limit, 3))]) + "..."
  }
}
