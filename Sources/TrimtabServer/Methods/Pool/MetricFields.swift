internal import Basics
internal import JSON
internal import ModelSelection
internal import Sessions

// How a task and its metrics stand on the wire, for reading and for the export.

/// Bounds of what is read of metrics.
enum MetricFields {
  /// The most metrics of a task.
  static let largestCount = 16

  /// A score, or in words what JSON has no number for.
  static let score = Shape<Double>(
    type: .either(.number(), .choice(["NaN", "Infinity", "-Infinity"])),
    expectation: "a number, \"NaN\", \"Infinity\" or \"-Infinity\"", placeholder: 0
  ) { (json) in
    switch json {
    case .string("NaN"): .nan
    case .string("Infinity"): .infinity
    case .string("-Infinity"): -.infinity
    default: json.doubleValue
    }
  }

  /// A score as ``score`` reads it.
  static func json(_ score: Double) -> JSON {
    score.isFinite ? .number(score) : .string(score.isNaN ? "NaN" : score < 0 ? "-Infinity" : "Infinity")
  }

  /// Numbers by the names of metrics.
  static func named(_ values: [Double?], _ goals: [TaskGoal]) -> JSON {
    .object(
      JSONObject(
        members: zip(goals, values).compactMap { goal, value in
          value.map { JSONObject.Member(key: goal.metric.name, value: json($0)) }
        }))
  }
}

struct SelectionTaskEntry: ObjectReadable {
  let task: SelectionTask

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let name = try reader.required("name", .text(), "The task, for people.")
    let metric: MetricEntry? = try reader.optional("metric", .object(), "What candidates are scored by. Or:")
    let metrics: [TaskMetricEntry]? = try reader.optional(
      "metrics", .list(of: .object(), count: 1...MetricFields.largestCount),
      """
      Several metrics that every report has. The search maximises the combined score: the mean, by weight, of what each \
      score reaches of its range, from 0 to 1.
      """)
    let probability = try reader.optional(
      "floorProbabilityFraction", .number(in: 0...1), default: 0.9,
      """
      How probably a candidate must meet all floors of the metrics to be suggested before others; 0.9 by default. \
      Floors are taken to be met independently of each other.
      """)
    let samples = try reader.required(
      "alignmentSampleCount", .integer(in: 1...largestPoolCount),
      "Samples of alignment data; a data fraction of 1 is all of them.")
    try reader.check(
      (metric == nil) != (metrics == nil), "metric", expected: "either metric or metrics",
      fix: "say what candidates are scored by")
    let curve: CurveWord? = try reader.optional(
      "curve", .choice(),
      """
      What the points of learning curves are. `finished`: each the end of a training of its own, with all of its \
      learning-rate schedule. `snapshot`: points of one run with one schedule for all the data, whose end lowers the \
      error in a way that no candidate has shown before one has finished. `unknown` by default: either.
      """)
    let decayStart = try reader.optional(
      "decayStartFraction", .number(in: 0...1),
      """
      For a `curve` of snapshots: the data fraction from which on the learning rate falls, 0 where it falls from the \
      beginning. Where it is left out, the fall may be early or late.
      """)
    let goals = metrics?.map(\.goal) ?? []
    let names = goals.map { ExactString($0.metric.name) }
    try reader.check(Set(names).count == names.count, "metrics", expected: "each metric once", fix: "rename one")
    try reader.check(
      goals.isEmpty || goals.contains { $0.weight > 0 }, "metrics", expected: "a metric with a weight above 0",
      fix: "leave one metric its weight")
    try reader.check(
      decayStart == nil || curve == .snapshot, "decayStartFraction", expected: "curve \"snapshot\" beside it",
      fix: "state that curve, or leave the fraction out")
    var task =
      if let metric {
        SelectionTask(name: name, metric: metric.metric, alignmentSampleCount: samples)
      } else {
        SelectionTask(
          name: name, goals: goals, floorProbabilityFraction: probability, alignmentSampleCount: samples)
      }
    switch curve {
    case nil, .unknown: task.curve = .unknown
    case .finished: task.curve = .finished
    case .snapshot: task.curve = .snapshot(decayStart: decayStart)
    }
    self.task = task
  }
}

private enum CurveWord: String, CaseIterable, Sendable {
  case unknown, finished, snapshot
}

private struct MetricEntry: ObjectReadable {
  let metric: Metric

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let name = try reader.required("name", .text(), "The metric, for people.")
    let direction: Metric.Direction = try reader.required("direction", .choice(), "Which scores are better.")
    let range = try reader.optional(
      "range", .list(of: .number, count: 1...2),
      "The least possible score and, where there is one, the greatest; [0, 1] where higher is better, else [0].")
    let transform: Metric.ErrorTransform = try reader.optional(
      "errorTransform", .choice(), default: .distance,
      "The error whose logarithm falls with the logarithm of the data: the distance from the best score, or the odds against it."
    )
    let ends = range ?? (direction == .maximize ? [0, 1] : [0])
    try reader.check(
      ends.count < 2 || ends[0] < ends[1], "range", expected: "a least score below the greatest")
    try reader.check(
      direction == .minimize || ends.count == 2, "range", expected: "a greatest score where higher is better")
    try reader.check(
      transform == .distance || ends.count == 2, "range", expected: "a greatest score for the errorTransform odds")
    let upper = ends.count == 2 ? max(ends[0], ends[1]) : .infinity
    metric = Metric(name: name, direction: direction, range: ends[0]...upper, transform: transform)
  }
}

private struct TaskMetricEntry: ObjectReadable {
  let goal: TaskGoal

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let name = try reader.required("name", .text(), "The metric, as reports name it; may name a task of its own.")
    let direction: Metric.Direction = try reader.required("direction", .choice(), "Which scores are better.")
    let range = try reader.required(
      "range", .list(of: .number(in: -1e30...1e30), count: 2...2),
      "The least and the greatest possible score; what a score reaches of it counts in the combined score.")
    let transform: Metric.ErrorTransform = try reader.optional(
      "errorTransform", .choice(), default: .distance,
      "The error whose logarithm falls with the logarithm of the data: the distance from the best score, or the odds against it. The combined score is measured by odds where all metrics that count are."
    )
    let weight = try reader.optional(
      "weight", .number(in: 0...1e30), default: 1,
      "How much it counts in the combined score; 0 for a metric that is only watched, or only has a floor.")
    let floor = try reader.optional(
      "floor", .number, "The worst score that is acceptable. A candidate that misses it is not suggested.")
    try reader.check(range[0] < range[1], "range", expected: "a least score below the greatest")
    let (least, greatest) = (range[0], max(range[0], range[1]))
    try reader.check(
      floor.map { (least...greatest).contains($0) } ?? true, "floor", expected: "a score within the range")
    goal = TaskGoal(
      metric: Metric(name: name, direction: direction, range: least...greatest, transform: transform), weight: weight,
      floor: floor)
  }
}

/// What `search/revise` changes of one metric.
struct MetricRevisionEntry: ObjectReadable {
  let revision: GoalRevision

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let name = try reader.required("name", .text(), "A metric of the task.")
    let weight = try reader.optional("weight", .number(in: 0...1e30), "Its weight from now on; as before by default.")
    let floor: GoalRevision.Floor? = try reader.optional(
      "floor", .either(Shape<Double>.number.map { .at($0) }, Shape<FloorWord>.choice().map { _ in .lifted }),
      "The worst score that is acceptable from now on, or \"none\"; as before by default.")
    try reader.check(
      weight != nil || floor != nil, "weight", expected: "a weight, a floor or both", fix: "say what changes")
    revision = GoalRevision(name: name, weight: weight, floor: floor)
  }
}

private enum FloorWord: String, CaseIterable, Sendable {
  case none
}

extension Metric {
  /// The fields that both kinds of metrics have.
  fileprivate func write(to object: inout ObjectWriter) {
    object.field("name", name)
    object.field("direction", direction.rawValue)
    object.field("range", [range.lowerBound, range.upperBound].filter(\.isFinite))
    object.field("errorTransform", transform.rawValue)
  }
}

extension SelectionTask {
  /// The fields as pool/submit takes them.
  func write(to object: inout ObjectWriter) {
    object.field("name", name)
    if goals.isEmpty {
      object.object("metric") { metric.write(to: &$0) }
    } else {
      object.list("metrics", goals) { goal, entry in
        goal.metric.write(to: &entry)
        entry.field("weight", goal.weight)
        entry.field("floor", goal.floor)
      }
      object.field("floorProbabilityFraction", floorProbabilityFraction)
    }
    object.field("alignmentSampleCount", alignmentSampleCount)
    switch curve {
    case .unknown: break
    case .finished: object.field("curve", CurveWord.finished.rawValue)
    case .snapshot(let decayStart):
      object.field("curve", CurveWord.snapshot.rawValue)
      object.field("decayStartFraction", decayStart)
    }
  }
}

extension GoalRevision {
  /// The fields as search/revise takes them.
  func write(to object: inout ObjectWriter) {
    object.field("name", name)
    object.field("weight", weight)
    switch floor {
    case .lifted: object.field("floor", FloorWord.none.rawValue)
    case .at(let floor): object.field("floor", floor)
    case nil: break
    }
  }
}
