import Basics
import JSON
import JSONRPC
import Testing

/// Every example in section 7 of the JSON-RPC 2.0 specification, in its order.
///
/// Error messages here begin with the specification's and go on with the reason, so errors compare by id and code.
@Suite struct SpecificationTests {
  private let peer: Peer

  init() {
    let handler = TestHandler()
    handler.methods["subtract"] = { call in
      switch call.params {
      case .array(let numbers): call.answer(.integer(Int64(numbers[0].integerValue! - numbers[1].integerValue!)))
      case let params:
        call.answer(.integer(Int64(params!["minuend"]!.integerValue! - params!["subtrahend"]!.integerValue!)))
      }
    }
    handler.methods["sum"] = { call in
      call.answer(.integer(Int64(call.params!.arrayValue!.compactMap(\.integerValue).reduce(0, +))))
    }
    handler.methods["get_data"] = { $0.answer(["hello", 5]) }
    peer = makePeer(handler)
  }

  /// `request` may span several lines, so it is sent with a length.
  private func check(_ request: String, gives expected: String?, sourceLocation: SourceLocation = #_sourceLocation)
    throws
  {
    peer.receive(frame(request))
    let expected = try expected.map { [reduced(try JSON.parse($0)).canonicalText] } ?? []
    #expect(peer.takeMessages().map { reduced($0).canonicalText } == expected, sourceLocation: sourceLocation)
  }

  /// Leaves of each error only its code, after checking how its message begins.
  private func reduced(_ message: JSON) -> JSON {
    switch message {
    case .array(let messages): return .array(messages.map(reduced))
    case .object(var object):
      for index in object.members.indices where object.members[index].key == "error" {
        let error = object.members[index].value
        let beginnings: [JSON: String] = [
          -32700: "Parse error", -32600: "Invalid Request", -32601: "Method not found",
        ]
        let message = error["message"]?.stringValue?.text ?? ""
        #expect(message.hasPrefix(beginnings[error["code"] ?? .null] ?? "?"), "\(message)")
        object.members[index].value = error["code"] ?? .null
      }
      return .object(object)
    default: return message
    }
  }

  @Test func positionalParameters() throws {
    try check(
      #"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#,
      gives: #"{"jsonrpc": "2.0", "result": 19, "id": 1}"#)
    try check(
      #"{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}"#,
      gives: #"{"jsonrpc": "2.0", "result": -19, "id": 2}"#)
  }

  @Test func namedParameters() throws {
    try check(
      #"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#,
      gives: #"{"jsonrpc": "2.0", "result": 19, "id": 3}"#)
    try check(
      #"{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}"#,
      gives: #"{"jsonrpc": "2.0", "result": 19, "id": 4}"#)
  }

  @Test func notification() throws {
    try check(#"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#, gives: nil)
    try check(#"{"jsonrpc": "2.0", "method": "foobar"}"#, gives: nil)
  }

  @Test func methodThatDoesNotExist() throws {
    try check(
      #"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#,
      gives: #"{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}"#)
  }

  @Test func invalidJSON() throws {
    try check(
      #"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#,
      gives: #"{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}"#)
  }

  @Test func invalidRequest() throws {
    try check(
      #"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#,
      gives: #"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}"#)
  }

  @Test func batchOfInvalidJSON() throws {
    try check(
      """
      [
        {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method"
      ]
      """,
      gives: #"{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}"#)
  }

  @Test func emptyBatch() throws {
    try check(
      "[]", gives: #"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}"#)
  }

  @Test func invalidBatches() throws {
    let error = #"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}"#
    try check("[1]", gives: "[\(error)]")
    try check("[1,2,3]", gives: "[\(error),\(error),\(error)]")
  }

  @Test func mixedBatch() throws {
    try check(
      """
      [
        {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
      ]
      """,
      gives: """
        [
          {"jsonrpc": "2.0", "result": 7, "id": "1"},
          {"jsonrpc": "2.0", "result": 19, "id": "2"},
          {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
          {"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "5"},
          {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}
        ]
        """)
  }

  @Test func batchOfNotifications() throws {
    try check(
      """
      [
        {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
      ]
      """, gives: nil)
  }
}
