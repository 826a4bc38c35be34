internal import JSON
internal import Sessions

// How the parts of a pool stand on the wire, for reading and for the export.

/// The largest count or size: sums of three stay exact as doubles.
let largestPoolCount = 1 << 51

/// What is submitted: the params of pool/submit but for the session, and the greater part of a pool file.
struct PoolSubmissionEntry: ObjectReadable {
  let submission: PoolSubmission
  /// Nil where nothing is said of the search.
  let settings: SelectionSettings?

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let components = Shape<[PoolComponentEntry]>.list(of: .object(), count: 0...4096)
    let encoders = try reader.optional("encoders", components, default: [], "Vision encoders.")
    let projectors = try reader.optional(
      "projectors", components, default: [],
      "Projectors between them and the language models; leave out where there is no choice.")
    let languageModels = try reader.optional("languageModels", components, default: [], "Language models.")
    let constraints: PoolConstraintsEntry? = try reader.optional(
      "constraints", .object(),
      "Rules for the candidates that are added; those of the submission before, where left out. A figure that is not stated is within every bound."
    )
    let task: SelectionTaskEntry? = try reader.optional(
      "task", .object(), "What the models are wanted for; required the first time.")
    let search: SelectionSettingsEntry? = try reader.optional(
      "search", .object(),
      """
      How to search; by default by a `race` without a budget. Fixed once a trial has been given out, and kept by a \
      later submission that leaves it out. Without `budget` or `regretBoundFraction` a search ends when nothing more is \
      worth its cost: of what training every candidate on all data takes, a `race` has then spent about 1/2.9 and \
      `mordal` about 1/16 (simulated pools of 49 candidates).
      """)
    func component(_ entry: PoolComponentEntry) -> PoolComponent { entry.component }
    submission = PoolSubmission(
      encoders: encoders.map(component), projectors: projectors.map(component),
      languageModels: languageModels.map(component), constraints: constraints?.constraints, task: task?.task)
    settings = search?.settings
  }
}

struct PoolComponentEntry: ObjectReadable {
  let component: PoolComponent

  init(from reader: inout ObjectReader) throws(InvalidField) {
    component = PoolComponent(
      id: try reader.required("id", .text(), "A name that is unique among its kind."),
      parameterCount: try reader.optional(
        "parameterCount", .integer(in: 1...largestPoolCount),
        "Its parameters; they give relative costs where no weights do."),
      memoryBytes: try reader.optional(
        "memoryBytes", .integer(in: 1...largestPoolCount),
        "Memory that training a candidate takes of each of its GPUs because of this part."),
      licence: try reader.optional("licence", .text(), "Its licence, as the rules name it."),
      tags: try reader.optional(
        "tags", .list(of: .text(), count: 0...64), default: [], "Words that the rules may name."),
      embeddingWidth: try reader.optional(
        "embeddingWidth", .integer(in: 1...largestPoolCount), "Features of its representations."),
      family: try reader.optional(
        "family", .text(),
        "Models of one family are expected to behave alike where no representations say otherwise."),
      latencySeconds: try reader.optional(
        "latencySeconds", .number(in: 0...1e30), "What it adds to the time of one answer of the finished model."),
      costWeight: try reader.optional(
        "costWeight", .number(in: 0...1e30), "What it adds to the cost of training on all data, in any unit."),
      startSeconds: try reader.optional(
        "startSeconds", .number(in: 0...1e30),
        "What it adds to the seconds that every trial takes until it trains, for one to load it. A search that knows of starts makes fewer and longer trials."
      ),
      layerCount: try reader.optional(
        "layerCount", .integer(in: 1...65_536), "Equal layers it is made of, for dividing it among pipeline stages."))
  }
}

extension PoolComponent {
  /// The fields as pool/submit takes them.
  func write(to object: inout ObjectWriter) {
    object.field("id", id)
    object.field("parameterCount", parameterCount)
    object.field("memoryBytes", memoryBytes)
    object.field("licence", licence)
    object.field("tags", tags.isEmpty ? nil : tags)
    object.field("embeddingWidth", embeddingWidth)
    object.field("family", family)
    object.field("latencySeconds", latencySeconds)
    object.field("costWeight", costWeight)
    object.field("startSeconds", startSeconds)
    object.field("layerCount", layerCount)
  }
}

struct PoolConstraintsEntry: ObjectReadable {
  let constraints: PoolConstraints

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let pairs = Shape<[ComponentPair]>.list(
      of: Shape<[String]>.list(of: .text(), count: 2...2).map { ComponentPair(encoder: $0[0], languageModel: $0[1]) },
      count: 0...Limits.candidateCount)
    constraints = PoolConstraints(
      maximumMemoryBytes: try reader.optional(
        "maximumMemoryBytes", .integer(in: 1...largestPoolCount), "The memory of a candidate, all parts together."),
      maximumLatencySeconds: try reader.optional(
        "maximumLatencySeconds", .number(in: 0...1e30), "The latency of a candidate, all parts together."),
      maximumParameterCount: try reader.optional(
        "maximumParameterCount", .integer(in: 1...largestPoolCount), "The parameters of a candidate."),
      allowedLicences: try reader.optional(
        "allowedLicences", .list(of: .text(), count: 0...1024), "Every part must state one of these."),
      deniedLicences: try reader.optional(
        "deniedLicences", .list(of: .text(), count: 0...1024), default: [], "No part may state one of these."),
      deniedTags: try reader.optional(
        "deniedTags", .list(of: .text(), count: 0...1024), default: [], "No part may have one of these."),
      allowedPairs: try reader.optional("allowedPairs", pairs, "Only these pairs [encoder, languageModel]."),
      deniedPairs: try reader.optional(
        "deniedPairs", pairs, default: [], "None of these pairs [encoder, languageModel]."))
  }
}

extension PoolConstraints {
  /// The fields as pool/submit takes them.
  func write(to object: inout ObjectWriter) {
    func json(_ pairs: [ComponentPair]) -> [[String]] { pairs.map { [$0.encoder, $0.languageModel] } }
    object.field("maximumMemoryBytes", maximumMemoryBytes)
    object.field("maximumLatencySeconds", maximumLatencySeconds)
    object.field("maximumParameterCount", maximumParameterCount)
    object.field("allowedLicences", allowedLicences)
    object.field("deniedLicences", deniedLicences)
    object.field("deniedTags", deniedTags)
    object.field("allowedPairs", allowedPairs.map(json))
    object.field("deniedPairs", json(deniedPairs))
  }
}
