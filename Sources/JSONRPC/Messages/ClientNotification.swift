package import JSON

/// A notification that the client sends: the transport takes those declared here.
package protocol ClientNotification {
  associatedtype Params: ObjectReadable
  /// As it stands on the wire.
  static var name: String { get }
  /// What it is for, in a sentence or two.
  static var purpose: String { get }
}

package enum CancelRequest: ClientNotification {
  package static let name = "$/cancelRequest"
  package static let purpose =
    """
    Cancels a running request, which is then answered with -32800 and changes nothing. An id that is unknown, or whose \
    request has been answered, is ignored.
    """

  package struct Params: ObjectReadable {
    package init(from reader: inout ObjectReader) throws(InvalidField) {
      _ = try reader.required("id", .requestID, "The request's id.")
    }
  }
}

package enum CancelWorkDoneProgress: ClientNotification {
  package static let name = "window/workDoneProgress/cancel"
  package static let purpose =
    "Cancels the running request that reports its progress under a token, as `$/cancelRequest` does by id."

  package struct Params: ObjectReadable {
    package init(from reader: inout ObjectReader) throws(InvalidField) {
      _ = try reader.required("token", .requestID, "The request's `workDoneToken`.")
    }
  }
}

package enum SetTrace: ClientNotification {
  package static let name = "$/setTrace"
  package static let purpose = "Turns `$/logTrace` on or off."

  package struct Params: ObjectReadable {
    package init(from reader: inout ObjectReader) throws(InvalidField) {
      let _: TraceLevel = try reader.required(
        "value", .choice(), "`messages`: that requests come and answers go; `verbose`: also what is in them.")
    }
  }
}

extension Shape where Value == RequestID {
  /// What ties an answer to its request.
  fileprivate static var requestID: Shape {
    Shape(
      type: .either(.integer(), .string()), expectation: "an integer or a string", placeholder: .integer(0)
    ) { (json) in RequestID(json) }
  }
}
