internal import Basics
internal import CLibrary
internal import JSON
internal import JSONRPC
internal import Journal
internal import Sessions

/// One accepted change as a journal has it: the request, with its params as they were understood.
///
///     {"method":"trial/next","params":{"session":"s","worker":"w"},"revision":7,"given":{"trial":1,...}}
struct ChangeRecord: Sendable {
  let method: String
  /// As understood: declared fields only, defaults written out.
  let params: JSONObject
  /// Of the session, once the change has been applied.
  let revision: Int
  /// The request that it was, where another process passed it on: sent again, it is answered from here.
  var key: RequestKey?
  /// What the session gave away by it, which a replay must give again.
  var given: JSON?
  /// The revision of the snapshot that a computation's product was computed from.
  var computedFrom: Int?
  /// What a param that names a file led to.
  var file: JSON?

  var bytes: [UInt8] {
    var writer = ObjectWriter()
    writer.braced {
      $0.field("method", method)
      $0.field("params", JSON.object(params))
      $0.field("revision", revision)
      if let key { $0.field("by", JSON.array([.string(key.client), .integer(Int64(key.number))])) }
      $0.field("given", given)
      $0.field("computedFrom", computedFrom)
      $0.field("file", file)
    }
    return writer.json.bytes
  }

  init(
    _ method: String, _ params: JSONObject, revision: Int, by key: RequestKey? = nil, given: JSON? = nil,
    computedFrom: Int? = nil, file: JSON? = nil
  ) {
    (self.method, self.params, self.revision, self.key) = (method, params, revision, key)
    (self.given, self.computedFrom, self.file) = (given, computedFrom, file)
  }

  /// Reads a record; nil where it is none of this version.
  init?(_ bytes: [UInt8]) {
    guard let json = try? bytes.withUnsafeBytes({ try JSON.parse($0, maximumDepth: JSON.deepestNesting) }),
      case .object(let object) = json, let method = object["method"]?.stringValue?.text,
      case .object(let params)? = object["params"], let revision = object["revision"]?.integerValue
    else { return nil }
    self.init(
      method, params, revision: revision, by: object["by"].flatMap(RequestKey.init), given: object["given"],
      computedFrom: object["computedFrom"]?.integerValue, file: object["file"])
  }

  /// Whether a record may be of a computation's product, found without reading it.
  static func mayBeProduct(_ bytes: [UInt8]) -> Bool {
    let key: StaticString = "\"computedFrom\":"
    return bytes.withUnsafeBytes { bytes in
      let tail = bytes.suffix(48)
      guard var start = tail.indices.first, tail.count >= key.utf8CodeUnitCount else { return false }
      let last = tail.endIndex - key.utf8CodeUnitCount
      while start <= last {
        if memcmp(bytes.baseAddress! + start, key.utf8Start, key.utf8CodeUnitCount) == 0 { return true }
        start += 1
      }
      return false
    }
  }

  /// The params of a request that was accepted, as the method understood them.
  static func understood<M: Method>(_ json: JSON?, by method: M.Type) -> JSONObject {
    do throws(InvalidField) {
      return try M.Params.understood(json)
    } catch {
      preconditionFailure("params that were read before cannot be read again: \(error)")
    }
  }

  /// The same request with what is kept beside it.
  func keeping(_ additions: RecordAdditions) -> ChangeRecord {
    guard additions.file != nil || additions.unsaidParam != nil else { return self }
    var members = params.members
    if let (removed, member) = additions.file?.contents {
      members.removeAll { $0.key == ExactString(removed) }
      members.append(member)
    }
    if let unsaid = additions.unsaidParam { members.append(unsaid) }
    return ChangeRecord(
      method, JSONObject(members: members), revision: revision, by: key, given: given, computedFrom: computedFrom,
      file: additions.file?.check ?? file)
  }

  /// The params as the method reads them.
  ///
  /// - Throws: ``RequestError`` of kind `journalUnusable` where this version does not understand them.
  func params<M: Method>(of method: M.Type) throws(RequestError) -> M.Params {
    do throws(InvalidField) {
      return try M.Params(reading: .object(params))
    } catch {
      throw RequestError(
        .journalUnusable, path: error.pathText, expected: error.expected, found: error.found,
        fix: "open the session with the version that wrote its journal")
    }
  }
}

extension RequestKey {
  /// Reads a key as a record has it.
  fileprivate init?(_ json: JSON) {
    guard let parts = json.arrayValue, parts.count == 2, let client = parts[0].stringValue?.text,
      let number = parts[1].integerValue
    else { return nil }
    self.init(client: client, number: number)
  }
}
