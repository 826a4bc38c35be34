internal import Basics
package import ModelSelection

/// What a request about GPUs did.
package struct GPUChange: Sendable, Equatable {
  /// GPUs that are registered now.
  package let gpuCount: Int
  /// Trials that ran on retired GPUs.
  package var lostTrials: [TrialID] = []
}

extension SessionState {
  /// Registers GPUs; a known id gets the new description. O(GPUs) on average, besides those of a search.
  package mutating func register(_ registered: [GPU]) -> StepResult<GPUChange> {
    for gpu in registered { gpus[gpu.id] = gpu }
    search?.register(registered)
    return StepResult(GPUChange(gpuCount: gpus.count))
  }

  /// Removes GPUs. Pipelines that were defined with them keep their powers; trials that run on them are lost.
  ///
  /// - Throws: ``RequestError`` of kind `unknownGPU`; nothing has changed then.
  /// - Complexity: O(ids) on average.
  package mutating func retire(_ ids: [String]) throws(RequestError) -> StepResult<GPUChange> {
    var seen: Set<ExactString> = []
    for (position, id) in ids.enumerated()
    where !gpus.contains(id) || !seen.insert(ExactString(id)).inserted {
      throw RequestError(
        .unknownGPU, path: "ids[\(position)]", expected: "the id of a registered GPU", found: Preview.quoted(id),
        fix: "see gpu/list")
    }
    for id in ids { gpus[id] = nil }
    let lost = search?.retire(ids) ?? []
    return StepResult(GPUChange(gpuCount: gpus.count, lostTrials: lost), events: searchEvents())
  }

  /// The registered GPUs of these ids, in their order. O(ids) on average.
  ///
  /// - Parameter path: the field that holds the ids, for errors.
  /// - Throws: ``RequestError`` of kind `unknownGPU`.
  package func gpus(named ids: [String], path: String = "gpus") throws(RequestError) -> [GPU] {
    var found: [GPU] = []
    found.reserveCapacity(ids.count)
    for (position, id) in ids.enumerated() {
      guard let gpu = gpus[id] else {
        throw RequestError(
          .unknownGPU, path: "\(path)[\(position)]", expected: "the id of a registered GPU", found: Preview.quoted(id),
          fix: "register it with gpu/register")
      }
      found.append(gpu)
    }
    return found
  }
}
