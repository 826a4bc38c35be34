internal import Basics
internal import JSON

/// What an assistant may read by its address: `trimtab://SESSION/ranking` and `trimtab://SESSION/pipelines/NAME/KIND`.
struct Resource {
  enum Kind: String, CaseIterable {
    case curve, picture
  }

  let session: String
  /// Nil for the ranking of the session's search.
  var pipeline: (name: String, kind: Kind)?

  init(session: String, pipeline: (name: String, kind: Kind)? = nil) {
    (self.session, self.pipeline) = (session, pipeline)
  }

  /// Nil where there is no resource of this form.
  init?(address: String) {
    guard ExactString(address).hasPrefix(Self.scheme) else { return nil }
    let steps = address.utf8.dropFirst(Self.scheme.utf8.count).split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let parts = steps.compactMap { PercentEncoding.decode(Substring($0)) }
    guard parts.count == steps.count else { return nil }
    switch parts.count {
    case 2 where ExactString(parts[1]) == "ranking": self.init(session: parts[0])
    case 4 where ExactString(parts[1]) == "pipelines":
      guard let kind = Kind(named: ExactString(parts[3])) else { return nil }
      self.init(session: parts[0], pipeline: (parts[2], kind))
    default: return nil
    }
  }

  var address: String {
    guard let pipeline else { return "\(Self.scheme)\(PercentEncoding.encode(session))/ranking" }
    return
      "\(Self.scheme)\(PercentEncoding.encode(session))/pipelines/\(PercentEncoding.encode(pipeline.name))/\(pipeline.kind.rawValue)"
  }

  var mimeType: String { pipeline?.kind == .picture ? "image/svg+xml" : "application/json" }

  /// The request that gives it.
  var request: (method: String, params: [JSONObject.Member]) {
    let named = JSONObject.Member(key: "session", value: .string(session))
    guard let pipeline else { return ("suggestion/ranking", [named]) }
    let picture = JSONObject.Member(key: "picture", value: .bool(pipeline.kind == .picture))
    return ("frontier/curve", [named, .init(key: "pipeline", value: .string(pipeline.name)), picture])
  }

  /// The text of the resource in the answer to ``request``.
  func text(_ answer: JSON) -> String {
    pipeline?.kind == .picture ? answer["svg"]?.stringValue?.text ?? "" : answer.text
  }

  var listed: JSON {
    let name =
      switch pipeline {
      case (let name, .curve)?: "\(session): frontier of \(name)"
      case (let name, .picture)?: "\(session): picture of the frontier of \(name)"
      case nil: "\(session): ranking of the candidates"
      }
    return ["uri": .string(address), "name": .string(name), "mimeType": .string(mimeType)]
  }

  static let templates: JSON = [
    [
      "uriTemplate": "trimtab://{session}/ranking", "name": "Ranking of a search", "mimeType": "application/json",
    ],
    [
      "uriTemplate": "trimtab://{session}/pipelines/{pipeline}/curve", "name": "Frontier of a pipeline",
      "mimeType": "application/json",
    ],
    [
      "uriTemplate": "trimtab://{session}/pipelines/{pipeline}/picture", "name": "Picture of a frontier",
      "mimeType": "image/svg+xml",
    ],
  ]

  private static let scheme = "trimtab://"
}
