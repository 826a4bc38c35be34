internal import Basics
internal import EnergyFrontier

/// Which plan each pipeline of a job runs: a function of frontiers, memberships and straggler reports, chosen again
/// whenever one of them changes.
extension SessionState {
  /// Where the job of this name stands in `jobs`; a new one is added.
  private mutating func madeJob(_ name: String) -> Int {
    if let index = jobNumbers[ExactString(name)] { return index }
    jobNumbers[ExactString(name)] = jobs.count
    jobs.append(LockstepJob(name: name))
    return jobs.count - 1
  }

  /// The job and the member that a pipeline's name stands for, if it is one; O(log members).
  package func membership(_ pipeline: String) -> (job: Int, member: Int)? {
    guard let job = jobOfPipeline[ExactString(pipeline)], let member = jobs[job].memberIndex(pipeline) else {
      return nil
    }
    return (job, member)
  }

  /// The name of the job that a pipeline is in.
  package func jobName(of pipeline: String) -> String? { membership(pipeline).map { jobs[$0.job].name } }

  /// The pipelines that share another's definition, by name. O(members of the job).
  package func replicas(of pipeline: String) -> [String] {
    guard let (job, member) = membership(pipeline) else { return [] }
    let source = jobs[job].members[member].source
    return jobs[job].members.filter { $0.source == source && $0.name != pipelines[source].name }.map(\.name)
  }

  /// The pipeline whose definition and frontier a name stands for: its own, or those it shares.
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline`.
  package func sourceIndex(_ pipeline: String) throws(RequestError) -> Int {
    let (job, member) = try place(of: pipeline)
    return jobs[job].members[member].source
  }

  /// The job and the member that a pipeline's name stands for.
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline`.
  package func place(of pipeline: String) throws(RequestError) -> (job: Int, member: Int) {
    if let place = membership(pipeline) { return place }
    throw unknown(pipeline: pipeline)
  }

  /// Makes a pipeline that was just defined a member of a job, together with those that share it. Their straggler
  /// entries are removed, because they were about the earlier definition. O(members of the jobs it leaves and joins).
  ///
  /// - Returns: the changes of plan in those jobs.
  mutating func join(_ source: Int, job name: String) -> [(job: Int, changes: [PlanChange])] {
    var moved: [String] = []
    var changed: [(job: Int, changes: [PlanChange])] = []
    if let old = jobOfPipeline[ExactString(pipelines[source].name)] {
      moved = jobs[old].members.filter { $0.source == source }.map(\.name)
      let names = Set(moved.map { ExactString($0) })
      jobs[old].members.removeAll { $0.source == source }
      jobs[old].stragglers.removeAll { names.contains(ExactString($0.pipeline)) }
      if jobs[old].name != name { changed.append((old, choosePlans(ofJob: old))) }
    }
    let index = madeJob(name)
    insert(moved.isEmpty ? [pipelines[source].name] : moved, source: source, job: index)
    return changed + [(index, choosePlans(ofJob: index))]
  }

  /// Adds pipelines that share the definition, profile and frontier of another, to its job.
  mutating func share(_ source: Int, with names: [String]) -> (job: Int, changes: [PlanChange]) {
    let index = jobOfPipeline[ExactString(pipelines[source].name)] ?? madeJob(pipelines[source].name)
    insert(names, source: source, job: index)
    return (index, choosePlans(ofJob: index))
  }

  private mutating func insert(_ names: [String], source: Int, job: Int) {
    jobs[job].insert(names, source: source)
    for name in names { jobOfPipeline[ExactString(name)] = job }
  }

  /// Chooses the plans of the job that a pipeline with a definition of its own is in.
  mutating func planEvents(ofSource index: Int, cause: PlanChanges.Cause) -> [SessionEvent] {
    guard let (job, _) = membership(pipelines[index].name) else { return [] }
    let changes = choosePlans(ofJob: job)
    return [planEvent(changes, ofJob: job, cause: cause)]
  }

  func planEvent(_ changes: [PlanChange], ofJob job: Int, cause: PlanChanges.Cause) -> SessionEvent {
    .plansChanged(
      PlanChanges(
        session: name, revision: revision, job: jobs[job].name, slowestTimeSeconds: jobs[job].slowestTimeSeconds,
        cause: cause,
        changes: changes))
  }

  /// Puts a straggler entry in its place, or removes it where it is over, and chooses the plans of the job again.
  mutating func report(_ straggler: Straggler, job index: Int) -> [PlanChange] {
    var straggler = straggler
    let before = jobs[index].straggler(straggler.pipeline, replica: straggler.replica).choice
    // A replica without an entry has no choice of its own yet, so its plan is announced even where all run the same.
    straggler.choice = before
    guard jobs[index].set(straggler) else { return [] }
    var changes = choosePlans(ofJob: index)
    // A replica that loses its entry runs what all do, and that is announced too.
    if straggler.isOver, let replica = straggler.replica, let member = jobs[index].memberIndex(straggler.pipeline),
      let choice = jobs[index].members[member].choice
    {
      changes.append(change(of: jobs[index].members[member], replica: replica, to: choice))
    }
    return changes
  }

  /// A plan that a member, or a replica of it, runs.
  package func change(of member: LockstepJob.Member, replica: Int?, to choice: PlanChoice) -> PlanChange {
    // A choice is of the current frontier, as plans are chosen whenever that changes.
    let plan = pipelines[member.source].frontier?.frontier.plans[choice.plan]
    return PlanChange(
      pipeline: member.name, replica: replica, choice: choice, iterationTimeSeconds: plan?.iterationTimeSeconds ?? 0,
      energyJoules: plan?.energyJoules ?? 0)
  }

  /// Chooses the plans of a job again, in O(members + stragglers log plans) and a longest path for each
  /// straggler that was reported by rank.
  ///
  /// - Returns: what changed, by pipeline and replica.
  mutating func choosePlans(ofJob index: Int) -> [PlanChange] {
    var chooser = PlanChooser(pipelines, jobs[index])
    // Out of the session while it changes, so that its arrays are not copied once more.
    var job = jobs[index]
    jobs[index].members = []
    let changes = chooser.choose(&job)
    jobs[index] = job
    return changes
  }
}

/// One choice of all plans of a job.
private struct PlanChooser {
  private let pipelines: [SessionState.Pipeline]
  /// By pipeline its fastest iteration time, for those of the job that have a frontier.
  private var fastest: [Int: Double] = [:]
  /// By pipeline the plan at T' of a member that is not slow, once looked up.
  private var undisturbed: [Int: PlanChoice] = [:]
  private var changes: [PlanChange] = []

  init(_ pipelines: [SessionState.Pipeline], _ job: LockstepJob) {
    self.pipelines = pipelines
    // A session may have thousands of pipelines in other jobs.
    var last: Int?
    for member in job.members where member.source != last {
      last = member.source
      fastest[member.source] = pipelines[member.source].frontier?.frontier.plans[0].iterationTimeSeconds
    }
  }

  mutating func choose(_ job: inout LockstepJob) -> [PlanChange] {
    let slowest = slowestTimeSeconds(job)
    job.slowestTimeSeconds = slowest
    var entry = job.stragglers.startIndex
    for index in job.members.indices {
      let source = job.members[index].source
      // Both lists are by name.
      let first = entry
      while entry < job.stragglers.endIndex, job.stragglers[entry].pipeline == job.members[index].name { entry += 1 }
      guard let slowest, fastest[source] != nil else {
        job.members[index].choice = nil
        for place in first..<entry { job.stragglers[place].choice = nil }
        continue
      }
      let all = first < entry && job.stragglers[first].replica == nil ? job.stragglers[first] : nil
      let choice = all.map { self.choice(source, slowdown($0, source), slowest) } ?? self.undisturbed(source, slowest)
      if job.members[index].choice != choice {
        job.members[index].choice = choice
        note(job.members[index].name, replica: nil, source, choice)
      }
      for place in first..<entry {
        guard let replica = job.stragglers[place].replica else { continue }
        var slowdown = slowdown(job.stragglers[place], source)
        if let all { slowdown.slow(to: self.slowdown(all, source)) }
        let choice = self.choice(source, slowdown, slowest)
        if job.stragglers[place].choice != choice {
          job.stragglers[place].choice = choice
          note(job.stragglers[place].pipeline, replica: replica, source, choice)
        }
      }
    }
    return changes
  }

  /// T': what the slowest member needs at its fastest plan.
  private func slowestTimeSeconds(_ job: LockstepJob) -> Double? {
    var slowest = job.members.reduce(-.infinity) { max($0, fastest[$1.source] ?? -.infinity) }
    guard slowest > 0 else { return nil }
    for straggler in job.stragglers {
      guard let member = job.memberIndex(straggler.pipeline) else { continue }
      let source = job.members[member].source
      if fastest[source] != nil { slowest = max(slowest, slowdown(straggler, source).iterationTimeSeconds) }
    }
    return slowest
  }

  private func slowdown(_ straggler: Straggler, _ source: Int) -> Slowdown {
    guard let characterized = pipelines[source].frontier else { return Slowdown(1) }
    return straggler.slowdown(characterized)
  }

  private mutating func undisturbed(_ source: Int, _ slowest: Double) -> PlanChoice {
    if let known = undisturbed[source] { return known }
    let choice = choice(source, Slowdown(fastest[source] ?? 1), slowest)
    undisturbed[source] = choice
    return choice
  }

  /// The cheapest plan done by `slowest` however its pipeline stretches it; the fastest where none is, which is that of
  /// the slowest pipeline itself.
  private func choice(_ source: Int, _ slowdown: Slowdown, _ slowest: Double) -> PlanChoice {
    let characterized = pipelines[source].frontier
    return PlanChoice(
      generation: characterized?.generation ?? 0,
      plan: characterized?.planIndex(until: slowest / slowdown.factor) ?? 0)
  }

  private mutating func note(_ pipeline: String, replica: Int?, _ source: Int, _ choice: PlanChoice) {
    guard let plan = pipelines[source].frontier?.frontier.plans[choice.plan] else { return }
    changes.append(
      PlanChange(
        pipeline: pipeline, replica: replica, choice: choice, iterationTimeSeconds: plan.iterationTimeSeconds,
        energyJoules: plan.energyJoules))
  }
}
