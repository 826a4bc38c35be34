package import Sessions

/// The open sessions, by the order in which they were opened.
package struct SessionTable {
  package private(set) var names: [String] = []
  private var states: [String: SessionState] = [:]
  private var minted = 0

  package init() {}

  /// The state of an open session.
  ///
  /// - Throws: ``Refusal`` of kind `unknownSession`.
  package func state(_ name: String) throws(Refusal) -> SessionState {
    if let state = states[name] { return state }
    throw Refusal(
      .unknownSession, path: "session",
      expected: names.isEmpty
        ? "the name of an open session; none is open"
        : "one of " + names.prefix(8).map { "\"\($0)\"" }.joined(separator: ", "),
      found: "\"\(name)\"", fix: "open it with session/open")
  }

  package func contains(_ name: String) -> Bool { states[name] != nil }

  /// Changes a session as a whole or, when `step` throws, not at all.
  package mutating func change<Answer>(
    _ name: String, _ step: (inout SessionState) throws(Refusal) -> Accepted<Answer>
  ) throws(Refusal) -> Accepted<Answer> {
    var next = try state(name)
    next.revision += 1
    let accepted = try step(&next)
    states[name] = next
    return accepted
  }

  /// Opens a session; a name is minted where none is given: `session-1`, `session-2`, ...
  package mutating func open(name: String?, seed: UInt64) -> SessionState {
    var name = name
    while name == nil || (name.map(contains) ?? false) {
      minted += 1
      name = "session-\(minted)"
    }
    let state = SessionState(name: name!, seed: seed)
    names.append(state.name)
    states[state.name] = state
    return state
  }

  package mutating func close(_ name: String) {
    names.removeAll { $0 == name }
    states[name] = nil
  }
}
