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
  private var waiting = NumberedRequests<Waiting>()

  init(_ link: MessageLink) {
    self.link = link
    link.receive = { [unowned self] in receive($0) }
  }

  /// Sends a request, and returns its number.
  @discardableResult func send(
    _ method: String, _ params: [JSONObject.Member], progress: ((Int, String?) -> Void)? = nil,
    answered: @escaping (Outcome) -> Void
  ) -> Int {
    let number = waiting.add(Waiting(answered: answered, progress: progress))
    var members = params
    if progress != nil { members.append(.init(key: "workDoneToken", value: .integer(Int64(number)))) }
    link.send(method, .object(JSONObject(members: members)), number: number)
    return number
  }

  func notify(_ method: String, _ params: [JSONObject.Member] = []) {
    link.send(method, .object(JSONObject(members: params)))
  }

  /// Asks for a request to be cancelled, which is still answered.
  func cancel(_ number: Int) { notify("$/cancelRequest", [.init(key: "id", value: .integer(Int64(number)))]) }

  private func receive(_ bytes: UnsafeBufferPointer<UInt8>) {
    // The server's own text, which is JSON; a notification that the assistant did not ask for is dropped.
    guard let message = try? JSON.parse(Array(bytes)) else { return }
    if let number = message["id"]?.integerValue, let one = waiting.take(number) {
      if let error = message["error"] { return one.answered(.failure(RefusedRequest(error: error))) }
      return one.answered(.success(message["result"] ?? .null))
    }
    guard message["method"]?.stringValue == "$/progress", let number = message["params"]?["token"]?.integerValue,
      let value = message["params"]?["value"], let percentage = value["percentage"]?.integerValue
    else { return }
    waiting[number]?.progress?(percentage, value["message"]?.stringValue?.text)
  }
}
