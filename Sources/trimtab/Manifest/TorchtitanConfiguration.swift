internal import Basics
internal import JSON
internal import ManifestText

/// What a TOML configuration of torchtitan says of the pipeline.
struct TorchtitanConfiguration {
  /// The fields of pipeline/define that follow.
  private(set) var fields: [(name: String, value: JSON)] = []
  /// What could not be found out.
  private(set) var notes: [String] = []
  /// The file of a schedule that it names.
  private(set) var scheduleCSVPath: String?

  private let root: SyntaxTable

  /// torchtitan's names of schedules, and ours.
  private static let schedules = [
    ("1F1B", "1f1b"), ("GPipe", "gpipe"), ("Interleaved1F1B", "interleaved1f1b"), ("LoopedBFS", "loopedBFS"),
    ("InterleavedZeroBubble", "zbh1"), ("ZBVZeroBubble", "zbv"), ("DualPipeV", "dualpipev"),
  ]
  /// Those with one stage on each rank.
  private static let single: Set<String> = ["1f1b", "gpipe"]

  init(_ tree: SyntaxTree) {
    root = tree.root
    let ranks = max(integer("pipeline_parallel_degree") ?? 1, 1)
    let name = text("pipeline_parallel_schedule") ?? "1F1B"
    let known = Self.schedules.first { $0.0.lowercased() == name.lowercased() }?.1
    scheduleCSVPath = text("pipeline_parallel_schedule_csv").flatMap { $0.isEmpty ? nil : $0 }
    if scheduleCSVPath == nil, known == nil {
      notes.append("which schedule \(Preview.quoted(name)) is: --schedule NAME, or its CSV")
    }
    // As torchtitan has it where no layers for each stage are given.
    let chunks = scheduleCSVPath != nil || known.map(Self.single.contains) ?? true ? 1 : 2
    set("stages", ranks * chunks)
    if scheduleCSVPath == nil, let known { fields.append(("schedule", .string(known))) }
    if chunks > 1, known == "interleaved1f1b" || known == "loopedBFS" || known == "zbh1" {
      set("chunksPerRank", chunks)
    }
    if scheduleCSVPath == nil {
      if let batch = integer("local_batch_size") ?? integer("batch_size") {
        set("microbatches", max(batch / max(integer("pipeline_parallel_microbatch_size") ?? 1, 1), 1))
      } else {
        notes.append("how many microbatches an iteration has: --microbatches N")
      }
    }
    if let tensor = integer("tensor_parallel_degree"), tensor > 1 { set("tensorParallelWidth", tensor) }
    if let context = integer("context_parallel_degree"), context > 1 { set("contextParallelWidth", context) }
    let replicas = max(integer("data_parallel_replicate_degree") ?? 1, 1)
    let shards = integer("data_parallel_shard_degree") ?? -1
    if shards > 0 {
      if replicas * shards > 1 { set("dataParallelWidth", replicas * shards) }
    } else {
      notes.append("how many GPUs run it: --data-parallel N says how many replicas there are")
    }
  }

  private mutating func set(_ name: String, _ value: Int) { fields.append((name, .integer(Int64(value)))) }

  /// The value of a key, in whichever table a version of torchtitan has it.
  private func value(_ key: String) -> SyntaxNode.Value? {
    for table in ["parallelism", "training", "experimental"] {
      guard case .table(let members)? = root[table]?.node.value, let member = members[key] else { continue }
      return member.node.value
    }
    return nil
  }

  private func integer(_ key: String) -> Int? {
    guard case .integer(let number)? = value(key), abs(number) <= 1 << 20 else { return nil }
    return Int(number)
  }

  private func text(_ key: String) -> String? {
    guard case .string(let text)? = value(key) else { return nil }
    return text
  }
}
