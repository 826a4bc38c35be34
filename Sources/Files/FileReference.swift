internal import Basics

/// The text by which a client names a file: a path, or a `file:` URI (RFC 8089) as editors send it.
package enum FileReference {
  private static let scheme = "file:"

  /// The path that a text names: the text itself, or the percent-decoded path of a `file:` URI.
  ///
  /// A relative path that begins with `file:` is written `./file:...`.
  ///
  /// - Throws: ``FileError`` of kind `invalidPath` for an empty text, a NUL, a URI of another machine, with a query or
  ///   fragment, or with escapes that are not UTF-8 or stand for `/`.
  package static func path(_ text: String) throws(FileError) -> String {
    let beginning = ExactString(String(decoding: text.utf8.prefix(scheme.utf8.count), as: UTF8.self).lowercased())
    let path = beginning == ExactString(scheme) ? try decoded(text) : text
    guard !path.isEmpty else { throw FileError(.invalidPath, text, found: "an empty path") }
    // For the C library the path would end there.
    guard !path.utf8.contains(0) else { throw FileError(.invalidPath, text, found: "a path with a NUL") }
    return path
  }

  private static func decoded(_ text: String) throws(FileError) -> String {
    var rest = text.utf8.dropFirst(scheme.utf8.count)
    if rest.starts(with: "//".utf8) {
      let host = rest.dropFirst(2).prefix { $0 != UInt8(ascii: "/") }
      guard host.isEmpty || ExactString(Substring(host).lowercased()) == "localhost" else {
        throw FileError(.invalidPath, text, found: "a file URI of the machine \"\(Substring(host))\"")
      }
      rest = rest.dropFirst(2 + host.count)
    }
    guard rest.first == UInt8(ascii: "/") else {
      throw FileError(.invalidPath, text, found: "a file URI without an absolute path")
    }
    guard !rest.contains(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) else {
      throw FileError(.invalidPath, text, found: "a file URI with a query or fragment")
    }
    // An escaped slash is part of no name.
    let slash = UInt8(ascii: "/")
    guard let path = PercentEncoding.decode(Substring(rest)),
      path.utf8.count(where: { $0 == slash }) == rest.count(where: { $0 == slash })
    else {
      throw FileError(
        .invalidPath, text, found: "a file URI with an escape that means no part of a name, or that is not UTF-8")
    }
    return path
  }
}
