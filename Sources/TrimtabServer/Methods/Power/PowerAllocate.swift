internal import Basics
internal import EnergyFrontier
package import JSON
package import Sessions

/// `power/allocate`: power among jobs.
package enum PowerAllocate: SessionQuery {
  package static let name = "power/allocate"
  package static let purpose =
    """
    Divides a power budget, or each of a series of budgets, among jobs so that they lose the least rate in all, with \
    caps for groups within groups such as nodes within racks. With `energyBudgetJoules` the jobs do the most work for \
    these joules. The plans keep every cap; `lowerBoundLostRate` is what no plans could beat. Changes nothing.
    """
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownJob, .notCharacterized, .invalidPlacement, .unknownRank, .objectiveOutOfReach,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let request: PowerRequest

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      let jobs = try reader.required(
        "jobs", .list(of: Shape<JobFields>.object().map(\.job), count: 1...Limits.powerJobCount),
        "The jobs. All pipelines of a job run in lockstep, so it has one iteration time.")
      let groups = try reader.optional(
        "groups", .list(of: Shape<GroupFields>.object().map(\.group), count: 0...Limits.powerJobCount), default: [],
        "Groups with a cap, such as racks. A group contains jobs, and may contain groups.")
      var request = PowerRequest(jobs: jobs, budgets: try BudgetFields(from: &reader).budgets)
      request.groups = groups
      request.energyBudgetJoules = try reader.optional(
        "energyBudgetJoules", .positive, "Joules that all jobs may draw until `endSeconds`; beside `budgets`.")
      request.measure = try reader.powerMeasure()
      request.mayPause = try reader.mayPause()
      try reader.check(
        request.energyBudgetJoules == nil || request.budgets[0].startSeconds != nil, "energyBudgetJoules",
        expected: "absent without budgets")
      try reader.check(
        request.energyBudgetJoules == nil || request.measure == .average, "energyBudgetJoules",
        expected: "absent with power: \"peak\"")
      try reader.check(
        jobs.count * request.budgets.count <= Limits.powerChoiceCount, "budgets",
        expected: "at most \(Limits.powerChoiceCount) jobs and budgets, multiplied")
      self.request = request
    }
  }

  package typealias Answer = PowerDivision

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> PowerDivision {
    try session.divide(params.request)
  }

  private struct JobFields: ObjectReadable {
    let job: PowerRequest.JobEntry

    init(from reader: inout ObjectReader) throws(InvalidField) {
      var job = PowerRequest.JobEntry(
        job: try reader.required("job", .text(), "The job; the pipeline's name where pipeline/define gave none."))
      job.count = try reader.optional(
        "count", .integer(in: 1...Limits.powerJobCount), default: 1,
        "How many such jobs there are, each with an iteration time of its own.")
      job.weight = try reader.optional(
        "weight", .number(in: 1e-15...1e15),
        "What its whole rate is worth beside that of other jobs; by default its number of devices.")
      job.minimumRateFraction = try reader.optional(
        "minimumRateFraction", .number(in: 0...1), default: 0,
        "The least share of its fastest rate to which the job may be slowed.")
      job.group = try reader.optional("group", .name(), "The group that all of the job is in; none by default.")
      job.placements = try reader.optional(
        "placements", .list(of: Shape<PlacementFields>.object().map(\.placement), count: 0...4096), default: [],
        """
        Instead of group: what of the job is in which group. What is not mentioned is in none. The plans keep the caps \
        of groups that hold only a part of a job. The lower bound counts these caps: exactly where no other job has \
        parts in the group, else nearly for jobs of one kind of pipelines, and not for single ranks.
        """
      )
      try reader.check(
        job.group == nil || job.placements.isEmpty, "placements", expected: "absent or empty beside group")
      self.job = job
    }
  }

  private struct PlacementFields: ObjectReadable {
    let placement: PowerRequest.Placement

    init(from reader: inout ObjectReader) throws(InvalidField) {
      var placement = PowerRequest.Placement(group: try reader.required("group", .name(), "The group."))
      placement.pipeline = try reader.optional(
        "pipeline", .text(),
        "The pipeline, or that whose definition it shares; may be absent where all pipelines of the job share one.")
      placement.pipelineCount = try reader.optional(
        "pipelineCount", .integer(in: 1...(1 << 30)), default: 1,
        "How many of these pipelines, each data-parallel replica counted.")
      placement.ranks = try reader.optional(
        "ranks", .list(of: .integer(in: 0...4095), count: 1...4096),
        "Only these pipeline ranks of each; all of them by default.")
      self.placement = placement
    }
  }

  private struct GroupFields: ObjectReadable {
    let group: PowerRequest.Group

    init(from reader: inout ObjectReader) throws(InvalidField) {
      group = PowerRequest.Group(
        name: try reader.required("group", .name(), "Its name."),
        within: try reader.optional("within", .name(), "The group around it; none by default."),
        capWatts: try reader.required("capWatts", .nonNegative, "What all jobs in it may draw together."))
    }
  }

  /// One budget, or a series.
  private struct BudgetFields {
    let budgets: [PowerRequest.Budget]

    init(from reader: inout ObjectReader) throws(InvalidField) {
      let single = try reader.optional("budgetWatts", .nonNegative, "What all jobs may draw together.")
      let series = try reader.optional(
        "budgets", .list(of: Shape<Entry>.object(), count: 1...2048),
        "Or a series of budgets, in the order of time; each holds until the next.")
      let end = try reader.optional(
        "endSeconds", .number(in: -1e15...1e15), "When the last of `budgets` ends, on the same clock.")
      try reader.checkOne(of: ["budgetWatts", "budgets"])
      try reader.check(
        (series == nil) == (end == nil), "endSeconds", expected: "present beside budgets, and only there")
      guard let series, let end else {
        budgets = [.init(startSeconds: nil, durationSeconds: 1, budgetWatts: single)]
        return
      }
      let starts = series.map(\.startSeconds) + [end]
      try reader.check(
        zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 }, "budgets",
        expected: "rising startSeconds, all before endSeconds")
      budgets = zip(series, starts.dropFirst()).map { entry, end in
        .init(
          startSeconds: entry.startSeconds, durationSeconds: end - entry.startSeconds, budgetWatts: entry.budgetWatts)
      }
    }

    struct Entry: ObjectReadable {
      let startSeconds: Double
      let budgetWatts: Double?

      init(from reader: inout ObjectReader) throws(InvalidField) {
        startSeconds = try reader.required(
          "startSeconds", .number(in: -1e15...1e15), "When it begins, on any clock: seconds after midnight, say.")
        budgetWatts = try reader.optional(
          "budgetWatts", .nonNegative, "What all jobs may draw together; not limited by default.")
      }
    }
  }
}

extension PowerDivision: AnswerObject {
  package static let fields = Fields<PowerDivision> {
    Field(
      "totalRate", unit: "of the weights", "The sum of all jobs' weights: what they are worth at their fastest."
    ) { $0.totalRate }
    Field("energyJoules", "What all jobs draw until the end of `budgets`; absent without these, and for peak power.") {
      $0.energyJoules
    }
    Field("intervals", "One for each budget, in the order of time.") { $0.intervals }
  }
}

extension PowerDivision.Interval: AnswerObject {
  package static let fields = Fields<PowerDivision.Interval> {
    Field("startSeconds", "When it begins; absent for a single budget.") { $0.budget.startSeconds }
    Field("durationSeconds", "How long it lasts; absent for a single budget.") {
      $0.budget.startSeconds == nil ? nil : $0.budget.durationSeconds
    }
    Field("budgetWatts", "Its budget; absent where power is not limited.") { $0.budget.budgetWatts }
    Field("powerWatts", "What all jobs draw together, by `power`.") { $0.powerWatts }
    Field(
      "lostRate", unit: "of the weights",
      "The sum over jobs of weight times the share of the fastest rate that is lost."
    ) { $0.lostRate }
    Field("lowerBoundLostRate", unit: "of the weights", "No plans, nor any mixture of them, lose less.") {
      $0.lowerBoundLostRate
    }
    Field("gapFraction", "What share of the rate that the bound leaves the plans do not reach.") { $0.gapFraction }
    Field("jobs", "What each job does, in the order of the request.") { $0.jobs }
    Field("groups", "What each group draws, in the order of the request.") { $0.groups }
  }
}

extension PowerDivision.JobChoices: AnswerObject {
  package static let fields = Fields<PowerDivision.JobChoices> {
    Field("job", "The job.") { $0.job }
    Field("choices", "Its paces, the fastest first; several only where `count` was above 1.") { $0.choices }
  }
}

extension PowerDivision.Choice: AnswerObject {
  package static let fields = Fields<PowerDivision.Choice> {
    Field("count", "How many of the alike jobs do this.") { $0.count }
    Field("rateFraction", "The share of its fastest rate that each of them has.") { $0.rateFraction }
    Field.inline { $0.pace }
  }
}

extension PowerDivision.Group: AnswerObject {
  package static let fields = Fields<PowerDivision.Group> {
    Field("group", "The group.") { $0.name }
    Field("powerWatts", "What all in it draw together, by `power`.") { $0.powerWatts }
  }
}
