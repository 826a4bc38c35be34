internal import Basics

/// The open sessions, in the order in which they were opened. Finding, opening and closing one take constant time.
package struct SessionStore: Sendable {
  private var states = NamedList<SessionState>()
  private var mintedCount = 0
  /// Given to each session.
  package var planArchive: (any PlanArchive)?

  package init(planArchive: (any PlanArchive)? = nil) { self.planArchive = planArchive }

  package var count: Int { states.count }

  /// What each session holds, in order. O(sessions).
  package var summaries: [SessionSummary] { states.values.map(SessionSummary.init) }

  /// The state of an open session.
  ///
  /// - Throws: ``RequestError`` of kind `unknownSession`.
  package func state(_ name: String) throws(RequestError) -> SessionState {
    guard let state = states[name] else { throw unknown(name) }
    return state
  }

  package func contains(_ name: String) -> Bool { states.contains(name) }

  /// The number of changes that an open session has accepted; nil where none of this name is open.
  package func revision(of name: String) -> Int? { states[name]?.revision }

  /// The same in place: reading a part of an optional copies all of it, which is felt where it is done for each change.
  package mutating func revisionInPlace(of name: String) -> Int? { states.update(name) { $0.revision } }

  /// Changes a session as a whole or, when `step` throws, not at all: `step` works on a copy.
  package mutating func change<Answer>(
    _ name: String, _ step: (inout SessionState) throws(RequestError) -> StepResult<Answer>
  ) throws(RequestError) -> StepResult<Answer> {
    var next = try state(name)
    next.revision += 1
    let result = try step(&next)
    states[name] = next
    return result
  }

  /// Changes a session in place, so that a small change to much data copies nothing; `step` must throw before its first
  /// change.
  package mutating func edit<Answer>(
    _ name: String, _ step: (inout SessionState) throws(RequestError) -> StepResult<Answer>
  ) throws(RequestError) -> StepResult<Answer> {
    let result = try states.update(name) { (state) throws(RequestError) in
      state.revision += 1
      do throws(RequestError) {
        let result = try step(&state)
        if !result.isChange { state.revision -= 1 }
        return result
      } catch {
        state.revision -= 1
        throw error
      }
    }
    guard let result else { throw unknown(name) }
    return result
  }

  /// Puts a changed session in the place of the one of its name.
  ///
  /// - Returns: the earlier state, so that the caller may release it where that holds nothing up.
  package mutating func replace(_ next: SessionState) -> SessionState? {
    let earlier = states[next.name]
    var next = next
    next.planArchive = planArchive
    states[next.name] = next
    return earlier
  }

  /// Opens a session; without a name it gets `session-1`, `session-2`, ... An open session of that name is resumed.
  ///
  /// - Parameter isTaken: whether a name stands for a session that is not open; it is not given to another.
  package mutating func open(
    name: String?, seed: UInt64, isTaken: (String) -> Bool = { _ in false }
  ) -> (session: SessionSummary, isResumed: Bool) {
    if let name, let state = states[name] { return (SessionSummary(state), true) }
    let isNamed = name != nil
    var name = name
    while name.map({ contains($0) || (!isNamed && isTaken($0)) }) ?? true {
      mintedCount += 1
      name = "session-\(mintedCount)"
    }
    var state = SessionState(name: name!, seed: seed)
    state.planArchive = planArchive
    states[state.name] = state
    return (SessionSummary(state), false)
  }

  /// Closes a session.
  ///
  /// - Returns: what it held, so that the caller may release it where that holds nothing up.
  /// - Throws: ``RequestError`` of kind `unknownSession`.
  package mutating func close(_ name: String) throws(RequestError) -> SessionState {
    let state = try state(name)
    states[name] = nil
    return state
  }

  private func unknown(_ name: String) -> RequestError {
    RequestError(
      .unknownSession, path: "session",
      expected: states.isEmpty
        ? "the name of an open session; none is open"
        : "one of " + Preview.list(states.names(first: Preview.nameLimit)),
      found: Preview.quoted(name), fix: "open it with session/open")
  }
}

/// An open session at a glance.
package struct SessionSummary: Sendable, Equatable {
  package let name: String
  package let revision: Int
  package let gpuCount: Int
  /// By the order of definition.
  package let pipelines: [String]

  package init(_ state: SessionState) {
    name = state.name
    revision = state.revision
    gpuCount = state.gpus.count
    pipelines = state.pipelines.map(\.name)
  }
}

/// What a step gives back beside the new state.
package struct StepResult<Answer> {
  package let answer: Answer
  /// What happened beside that; announced to the client after the answer.
  package let events: [SessionEvent]
  /// Whether, in a replay, this version would have given out something else than what was given out.
  package let isOtherwise: Bool
  /// False where the state is as it was, because the request had been accepted before.
  package let isChange: Bool

  package init(_ answer: Answer, events: [SessionEvent] = [], isChange: Bool = true, isOtherwise: Bool = false) {
    self.isOtherwise = isOtherwise
    self.answer = answer
    self.events = events
    self.isChange = isChange
  }

  /// The same result with another answer.
  package func map<New>(_ transform: (Answer) -> New) -> StepResult<New> {
    StepResult<New>(transform(answer), events: events, isChange: isChange, isOtherwise: isOtherwise)
  }
}

/// What happens to a session beside what a step answers.
package enum SessionEvent: Sendable {
  case frontierChanged(FrontierChange)
  case leaderChanged(LeaderChange)
  case trialAssigned(TrialAssignment)
  case trialEnded(TrialEnding)
  case searchFinished(SearchEnding)
  case costChanged(CostChange)
  /// The profile of a pipeline whose frontier follows it has changed. For the server, not for the client.
  case inputsChanged(pipeline: String)
  case plansChanged(PlanChanges)
}

/// A new frontier of a pipeline.
package struct FrontierChange: Sendable {
  package let session: String
  package let pipeline: String
  package let revision: Int
  package let generation: Int
  /// Whether the profile has changed since the computation began.
  package let isStale: Bool
  /// Whether its plans are earlier ones, re-evaluated against the new bound.
  package let isProvisional: Bool
}

/// All changes of plan that one step brings to a job.
package struct PlanChanges: Sendable {
  package let session: String
  package let revision: Int
  package let job: String
  package let slowestTimeSeconds: Double?
  package let cause: Cause
  package let changes: [PlanChange]

  /// Why plans were chosen again.
  package enum Cause: String, CaseIterable, Sendable {
    /// A pipeline became slow, or slower.
    case straggler
    /// A pipeline is less slow than it was, or not slow at all.
    case stragglerEnded
    /// A pipeline of the job has a new frontier.
    case frontier
    /// A pipeline was defined or replicated.
    case pipelineDefined
  }
}
