internal import Basics
internal import JSON
internal import JSONRPC

/// Requests to the server of this process, or to the owner of its state directory, over a link between the two.
final class Conversation {
  /// The result, or an error as the server writes it.
  typealias Outcome = Result<JSON, RefusedRequest>

  /// An error of the server.
  struct RefusedRequest: Error {
    let error: JSON
    /// One sentence for a person, with the remedy.
    var message: String { error["message"]?.stringValue?.text ?? error.text }
    /// Whether it is about a session that is not open, so that nothing was done.
    var isOfClosedSession: Bool { error["data"]?["kind"]?.stringValue == "unknownSession" }
  }

  private struct Waiting {
    let answered: (Outcome) -> Void
    let progress: ((_ percentage: Int, _ message: String?) -> Void)?
  }

  private let link: MessageLink
  private var lastNumber: Int64 = 0
  private var waiting: [Int64: Waiting] = [:]

  init(_ link: MessageLink) {
    self.link = link
    link.receive = { [unowned self] in receive($0) }
  }

  /// Sends a request, and returns its number.
  @discardableResult func send(
    _ method: String, _ params: [JSONObject.Member], progress: ((Int, String?) -> Void)? = nil,
    answered: @escaping (Outcome) -> Void
  ) -> Int64 {
    lastNumber += 1
    waiting[lastNumber] = Waiting(answered: answered, progress: progress)
    var members = params
    if progress != nil { members.append(.init(key: "workDoneToken", value: .integer(lastNumber))) }
    link.send(message(lastNumber, method, members))
    return lastNumber
  }

  func notify(_ method: String, _ params: [JSONObject.Member] = []) { link.send(message(nil, method, params)) }

  /// Asks for a request to be cancelled, which is still answered.
  func cancel(_ number: Int64) {
    notify("$/cancelRequest", [.init(key: "id", value: .integer(number))])
  }

  private func message(_ number: Int64?, _ method: String, _ params: [JSONObject.Member]) -> [UInt8] {
    var writer = ObjectWriter()
    writer.braced {
      $0.field("jsonrpc", "2.0")
      $0.field("id", number.map(JSON.integer))
      $0.field("method", method)
      $0.field("params", JSON.object(JSONObject(members: params)))
    }
    return writer.json.bytes
  }

  private func receive(_ bytes: UnsafeBufferPointer<UInt8>) {
    // The server's own text, which is JSON; a notification that the assistant did not ask for is dropped.
    guard let message = try? JSON.parse(Array(bytes)) else { return }
    if case .integer(let number)? = message["id"], let one = waiting.removeValue(forKey: number) {
      if let error = message["error"] { return one.answered(.failure(RefusedRequest(error: error))) }
      return one.answered(.success(message["result"] ?? .null))
    }
    guard message["method"]?.stringValue == "$/progress", case .integer(let number)? = message["params"]?["token"],
      let value = message["params"]?["value"], let percentage = value["percentage"]?.integerValue
    else { return }
    waiting[number]?.progress?(percentage, value["message"]?.stringValue?.text)
  }
}
