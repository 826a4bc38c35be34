package import Sessions

/// The open sessions, by the order in which they were opened.
package struct SessionTable {
  package private(set) var names: [String] = []
  private var states: [String: SessionState] = [:]
  private var minted = 0

  package init() {}

  /// The state of an open session.
  ///
  /// - Throws: ``RequestError`` of kind `unknownSession`.
  package func state(_ name: String) throws(RequestError) -> SessionState {
    guard let state = states[name] else { throw unknown(name) }
    return state
  }

  package func contains(_ name: String) -> Bool { states[name] != nil }

  /// Changes a session as a whole or, when `step` throws, not at all: `step` works on a copy.
  package mutating func change<Answer>(
    _ name: String, _ step: (inout SessionState) throws(RequestError) -> StepResult<Answer>
  ) throws(RequestError) -> StepResult<Answer> {
    var next = try state(name)
    next.revision += 1
    let accepted = try step(&next)
    states[name] = next
    return accepted
  }

  /// Changes a session where it stands, so that a small change to much data copies nothing; `edit` must throw before its
  /// first change.
  package mutating func edit<Answer>(
    _ name: String, _ edit: (inout SessionState) throws(RequestError) -> StepResult<Answer>
  ) throws(RequestError) -> StepResult<Answer> {
    guard contains(name) else { throw unknown(name) }
    states[name]!.revision += 1
    do throws(RequestError) {
      let accepted = try edit(&states[name]!)
      if !accepted.isChange { states[name]!.revision -= 1 }
      return accepted
    } catch {
      states[name]!.revision -= 1
      throw error
    }
  }

  /// Puts a changed session in the place of the one of its name, which it gives back.
  package mutating func replace(_ next: SessionState) -> SessionState? { states.updateValue(next, forKey: next.name) }

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

  private func unknown(_ name: String) -> RequestError {
    RequestError(
      .unknownSession, path: "session",
      expected: names.isEmpty
        ? "the name of an open session; none is open"
        : "one of " + names.prefix(8).map { "\"\($0)\"" }.joined(separator: ", "),
      found: "\"\(name)\"", fix: "open it with session/open")
  }

  /// Closes a session and gives back what it held, so that it can be released beside the loop.
  package mutating func close(_ name: String) -> SessionState? {
    names.removeAll { $0 == name }
    return states.removeValue(forKey: name)
  }
}
