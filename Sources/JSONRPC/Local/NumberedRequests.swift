package import JSON

/// Requests over a ``MessageLink`` that the other end has not answered, each with what waits for its answer. They are
/// numbered from 1 in the order in which they are sent.
package struct NumberedRequests<Waiter> {
  private var lastNumber = 0
  private var waiting: [Int: Waiter] = [:]

  package init() {}

  /// The number for a request whose waiter is kept elsewhere, or for a message with a place among the requests.
  package mutating func nextNumber() -> Int {
    lastNumber += 1
    return lastNumber
  }

  /// Adds a request, and returns its number.
  package mutating func add(_ waiter: Waiter) -> Int {
    let number = nextNumber()
    waiting[number] = waiter
    return number
  }

  /// The waiter of a request that has no answer yet.
  package subscript(number: Int) -> Waiter? { waiting[number] }

  /// Takes the waiter of a request that was answered; nil for any other number.
  package mutating func take(_ number: Int) -> Waiter? { waiting.removeValue(forKey: number) }

  /// Takes all waiters, by the numbers of their requests, as there will be no answers.
  package mutating func takeAll() -> [Waiter] {
    defer { waiting = [:] }
    return waiting.sorted { $0.key < $1.key }.map(\.value)
  }
}

extension MessageLink {
  /// Sends a request, or without a number a notification.
  ///
  /// - Parameter file: a descriptor that goes with it, and is closed once it has gone.
  package func send(_ method: String, _ params: JSON?, number: Int? = nil, file: Int32? = nil) {
    var writer = ObjectWriter()
    writer.braced {
      $0.field("jsonrpc", "2.0")
      $0.field("id", number)
      $0.field("method", method)
      $0.field("params", params)
    }
    send(writer.json.bytes, file: file)
  }
}
