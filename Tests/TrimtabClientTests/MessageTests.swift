import Foundation
import TestSupport
import Testing
import TrimtabClient

/// The generated types read every answer of the transcripts, and lose no field of it.
@Suite struct MessageTests {
  struct Line: Decodable {
    var id: JSONValue?
    var method: String?
    var params: JSONValue?
    var result: JSONValue?
  }

  private static let transcripts = RepositoryFiles.paths(below: "fixtures/transcripts", ending: ".transcript")

  @Test func thereAreTranscripts() { #expect(Self.transcripts.count > 20) }

  @Test(arguments: transcripts) func everyMessageIsRead(_ path: String) throws {
    let requests = Dictionary(uniqueKeysWithValues: requestTypes.map { ($0.method, $0) })
    var methods: [JSONValue: String] = [:]
    for text in try RepositoryFiles.text(path).split(separator: "\n")
    where text.hasPrefix("--> {") || text.hasPrefix("<-- {") {
      // Some lines are no JSON on purpose.
      guard let line = try? JSONDecoder().decode(Line.self, from: Data(text.dropFirst(4).utf8)) else { continue }
      if text.hasPrefix("-->") {
        if let id = line.id, let method = line.method { methods[id] = method }
      } else if let id = line.id, let result = line.result, let request = methods[id].flatMap({ requests[$0] }) {
        try check(result, as: request, path)
      }
    }
  }

  private func check<R: Request>(_ result: JSONValue, as type: R.Type, _ path: String) throws {
    let text = try JSONEncoder().encode(result)
    let answer = try JSONDecoder().decode(R.Answer.self, from: text)
    guard let encodable = answer as? any Encodable else { return }
    let again = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(encodable))
    #expect(again == result, "\(path): \(R.method)")
  }
}
