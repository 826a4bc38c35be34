import Sessions
import Testing

@testable import TrimtabServer

/// Computations whose results wait for their session.
@Suite struct ComputationTableTests {
  /// A session that is closed while a result waits for it may be opened again, with the same name and the same
  /// revisions: the result is of another session, and must not reach this one.
  @Test func aResultThatWaitsIsCancelledWithItsSession() {
    let computations = ComputationTable(pool: nil)
    var waiting: [() -> Void] = []
    var outcomes: [Result<Int, RequestError>] = []
    computations.start(
      nil, session: "s", title: "", { (_) throws(RequestError) in 7 }, settle: { waiting.append($0) },
      finish: { outcomes.append($0) })
    #expect(waiting.count == 1 && outcomes.isEmpty)
    computations.cancel(session: "s")
    for action in waiting { action() }
    #expect(outcomes.count == 1)
    guard case .failure(let error)? = outcomes.first else {
      Issue.record("\(outcomes)")
      return
    }
    #expect(error.kind == .cancelled)
  }

  @Test func aResultTakesEffectOnceItsSessionIsFree() throws {
    let computations = ComputationTable(pool: nil)
    var waiting: [() -> Void] = []
    var outcomes: [Result<Int, RequestError>] = []
    computations.start(
      nil, session: "s", title: "", { (_) throws(RequestError) in 7 }, settle: { waiting.append($0) },
      finish: { outcomes.append($0) })
    for action in waiting { action() }
    computations.cancel(session: "s")
    #expect(outcomes.count == 1)
    #expect(try outcomes.first?.get() == 7)
  }
}
