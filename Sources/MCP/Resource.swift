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
    guard address.hasPrefix(Self.scheme) else { return nil }
    let parts = address.dropFirst(Self.scheme.count).split(separator: "/", omittingEmptySubsequences: false)
      .map { Self.decoded($0) }
    switch parts.count {
    case 2 where parts[1] == "ranking": self.init(session: parts[0])
    case 4 where parts[1] == "pipelines":
      guard let kind = Kind(rawValue: parts[3]) else { return nil }
      self.init(session: parts[0], pipeline: (parts[2], kind))
    default: return nil
    }
  }

  var address: String {
    guard let pipeline else { return "\(Self.scheme)\(Self.encoded(session))/ranking" }
    return "\(Self.scheme)\(Self.encoded(session))/pipelines/\(Self.encoded(pipeline.name))/\(pipeline.kind.rawValue)"
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

  // Percent encoding of all but what RFC 3986 leaves unreserved.
  private static func encoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        result += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return result
  }

  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
