import Basics
import ManifestText
import Testing

/// What stands at a cursor, which the texts mark with a bar.
@Suite struct SyntaxPlaceTests {
  private func check(_ marked: String, _ language: SyntaxTree.Language, _ role: SyntaxPlace.Role, _ path: String) {
    let offset = Array(marked.utf8).firstIndex(of: UInt8(ascii: "|"))!
    let place = SyntaxTree(marked.replacing("|", with: ""), language).place(at: offset)
    #expect(place.role == role, "\(marked)")
    #expect(Self.text(place.path) == path, "\(marked)")
    #expect(place.range.touches(offset), "\(marked): \(place.range)")
  }

  private static func text(_ path: SyntaxPath) -> String {
    path.map { step in
      switch step {
      case .key(let key): key.text
      case .index(let index): "\(index)"
      }
    }.joined(separator: "/")
  }

  @Test(arguments: [
    ("na|me = 1", SyntaxPlace.Role.key, "name"), ("name| = 1", .key, "name"), ("po|", .key, "po"),
    ("name = |1", .value, "name"), ("name =|", .value, "name"), ("name = |", .value, "name"),
    ("name =  |  # c", .value, "name"), ("name = \"a|b\"", .value, "name"), ("name = \"a|", .value, "name"),
    ("|", .blank, ""), ("a = 1\n|", .blank, ""), ("[pool]\n|", .blank, "pool"), ("[pool]\na = 1\n\n|", .blank, "pool"),
    ("[po|]", .header, "po"), ("[pool.ta|", .header, "pool/ta"), ("[pool.|]", .header, "pool/"), ("[|]", .header, ""),
    ("[[gp|us]]", .header, "gpus"), ("[[gpus]]\n[[gpus]]\nid| = 1", .key, "gpus/1/id"),
    ("[pool]\ntask.na|me = 1", .key, "pool/task/name"), ("[pool]\nta|sk.name = 1", .key, "pool/task"),
    ("[pool]\ntask.| = 1", .key, "pool/task/"), ("a = 1 # b|c", .comment, ""), ("[b] # |", .comment, "b"),
    ("[b]\n# |\n[c]", .comment, "b"), ("a = { b = 1, | }", .blank, "a"), ("a = { b| }", .key, "a/b"),
    ("a = { b = { c = | } }", .value, "a/b/c"), ("a = { b.c = 1, b.d| = 2 }", .key, "a/b/d"),
    ("a = [1, |]", .value, "a/1"), ("a = [|]", .value, "a/0"), ("a = [\n  1,\n  |\n\n[b]", .value, "a/1"),
    ("a = [{ id = \"x|\" }]", .value, "a/0/id"), ("a = [{ id = 1 }, { | }]", .blank, "a/1"),
    ("a = [{ |", .blank, "a/0"), ("a = 1 |\n", .blank, ""), ("[a]\nb = 1\n[c]|", .blank, "c"),
  ])
  func toml(_ marked: String, _ role: SyntaxPlace.Role, _ path: String) { check(marked, .toml, role, path) }

  @Test(arguments: [
    ("{\"a|\": 1}", SyntaxPlace.Role.key, "a"), ("{\"a\": |1}", .value, "a"), ("{\"a\": |}", .value, "a"),
    ("{|}", .blank, ""), ("{\"a\": 1, |}", .blank, ""), ("{\"a\": {|}}", .blank, "a"),
    ("{\"a\": [1, |]}", .value, "a/1"), ("{\"a\": [{\"b\": \"x|\"}]}", .value, "a/0/b"), ("{\"a\": {\"b|", .key, "a/b"),
    ("|", .blank, ""), ("{\"a\" | : 1}", .value, "a"),
  ])
  func json(_ marked: String, _ role: SyntaxPlace.Role, _ path: String) { check(marked, .json, role, path) }
}
