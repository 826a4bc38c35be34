internal import Basics
internal import Files
internal import JSON
internal import JSONRPC
internal import Sessions

// What the owner of a state directory does for a client of a joined process.
extension ClientConnection {
  /// Serves `$/join`.
  func join(_ call: Call) {
    let version = call.params?["version"]?.stringValue?.text ?? ""
    guard version == Version.program else {
      // Nothing else that it sends is served.
      phase = .shutDown
      return call.fail(
        RPCError(
          RequestError(
            .stateUnavailable, expected: "version \(Version.program), which the owner of the state directory has",
            found: "version \(Preview.cut(version))", fix: "use the same version in all processes that share it")))
    }
    key = call.params?["client"]?.stringValue?.text
    let numbers = call.params?["pending"]?.arrayValue?.compactMap { $0.integerValue } ?? []
    // Only an owner that ended leaves a journal as it was then.
    let isSameOwner = call.params?["owner"]?.stringValue?.text == server.key
    repeated = (
      Set(key.map { key in numbers.map { RequestKey(client: key, number: $0) } } ?? []),
      isSameOwner ? .unknownOutcome : nil
    )
    isReadOnly = call.params?["readOnly"]?.boolValue ?? false
    if let initialize = call.params?["initialize"] {
      let sessions = call.params?["sessions"]?.arrayValue?.compactMap(HeldSession.init) ?? []
      resume(initialize.detached, sessions: sessions, hasShutDown: false)
    }
    call.answer(.object(JSONObject(members: [.init(key: "owner", value: .string(server.key))])))
  }

  /// Goes on for a client that an owner served which has ended.
  ///
  /// - Parameter repeated: what it asked the earlier owner for and asks again.
  func resume(
    _ initialize: JSON, sessions: [HeldSession], hasShutDown: Bool, repeating repeated: Set<RequestKey>? = nil
  ) {
    if let repeated { self.repeated = (repeated, nil) }
    var unknown = UnknownFields()
    // It was read before, by the same version.
    guard let params = try? Initialize.read(initialize, &unknown, refusesUnknown: false) else { return }
    accept(params)
    if hasShutDown { phase = .shutDown }
    for session in sessions { server.reopen(session, for: self) }
  }

  /// Takes `$/file`: what it names is for the next request.
  func take(file params: JSON?) {
    guard let reference = params?["reference"]?.stringValue?.text else { return }
    nextFile = FileAccess(
      roots: files.roots, passed: (reference, Result { () throws(FileError) in try passedFile(reference, params) }))
  }

  private func passedFile(_ reference: String, _ params: JSON?) throws(FileError) -> OpenFile {
    if let path = params?["path"]?.stringValue?.text {
      guard let descriptor = passedFiles?.take() else {
        throw FileError(
          .unreadable, reference, found: "no descriptor left in the process that owns the state directory")
      }
      return try OpenFile(descriptor, path: path)
    }
    let kind = params?["kind"]?.stringValue.flatMap { FileError.Kind(rawValue: $0.text) } ?? .unreadable
    throw FileError(kind, reference, found: params?["found"]?.stringValue?.text ?? "no file")
  }
}
