internal import Basics
internal import EnergyFrontier

// What a pipeline's request says of each rank, and what the ranks' GPUs say where it does not.
extension PipelineRequest {
  /// Watts that one device of each rank draws while it waits.
  func blockingPowers(_ registered: [GPU], ranks: Int) throws(RequestError) -> [Double] {
    let powers: [Double]
    if let blockingPowerWatts {
      powers = try blockingPowerWatts.expanded(ranks: ranks, path: "blockingPowerWatts")
    } else {
      var ofGPUs: [Double] = []
      for (rank, gpu) in registered.enumerated() {
        guard let power = gpu.blockingPowerWatts else {
          throw RequestError(
            .invalidPipeline, path: "gpus[\(rank)]", expected: "a GPU with blockingPowerWatts",
            found: "\(Preview.quoted(gpu.id)) without it",
            fix: "register it with blockingPowerWatts, or send blockingPowerWatts here")
        }
        ofGPUs.append(power)
      }
      guard ofGPUs.count == ranks else {
        throw RequestError(
          .invalidPipeline, path: "blockingPowerWatts", expected: "blockingPowerWatts, or gpus that have it",
          found: "neither",
          fix: "measure the power of a GPU that waits in a collective; there is no built-in table")
      }
      powers = ofGPUs
    }
    let (sum, most) = (powers.reduce(0, +), Measurement.acceptedRange.upperBound)
    guard sum <= most else {
      throw RequestError(
        .invalidPipeline, path: "blockingPowerWatts", expected: "powers of at most \(most) W together",
        found: "\(sum) W", fix: "check the unit of the powers, which is watts")
    }
    return powers
  }

  /// Watts that one device of each rank may draw; infinite where there is no limit.
  func powerLimits(_ registered: [GPU], ranks: Int) throws(RequestError) -> [Double] {
    guard let powerLimitWatts else {
      return gpus == nil
        ? Array(repeating: .infinity, count: ranks) : registered.map { $0.powerLimitWatts ?? .infinity }
    }
    return try powerLimitWatts.expanded(ranks: ranks, path: "powerLimitWatts").map {
      $0 == Measurement.acceptedRange.upperBound ? .infinity : $0
    }
  }

  /// What a change of frequency costs on each rank; nothing where neither the request nor the GPUs say.
  func switchCosts(_ registered: [GPU], ranks: Int) throws(RequestError) -> [SwitchCost] {
    func values(
      _ given: PerRank<Double>?, _ path: String, _ ofGPU: (GPU) -> Double?
    ) throws(RequestError) -> [Double] {
      if let given { return try given.expanded(ranks: ranks, path: path) }
      return gpus == nil ? Array(repeating: 0, count: ranks) : registered.map { ofGPU($0) ?? 0 }
    }
    let latencies = try values(switchLatencySeconds, "switchLatencySeconds") { $0.switchLatencySeconds }
    let energies = try values(switchEnergyJoules, "switchEnergyJoules") { $0.switchEnergyJoules }
    return zip(latencies, energies).map { SwitchCost(latencySeconds: $0, energyJoules: $1) }
  }

  /// Which global rank is where. O(global ranks) with a map.
  func layout(of definition: PipelineDefinition) throws(RequestError) -> RankLayout {
    var layout = RankLayout()
    layout.contextParallelWidth = contextParallelWidth
    layout.gpus = gpus
    if let rankOrder { layout.order = rankOrder }
    guard let rankMap else { return layout }
    let (ranks, replicas) = (definition.rankCount, definition.dataParallelWidth)
    let devices = definition.rankTensorWidths.map { $0 * contextParallelWidth }
    // A map that is complete has no more entries than the request has global ranks.
    guard ranks * replicas <= rankMap.count else {
      throw RequestError(
        .invalidPipeline, path: "rankMap", expected: "at least \(ranks * replicas) global ranks",
        found: "\(rankMap.count)", fix: "list every global rank, or correct the widths")
    }
    var counts = [Int](repeating: 0, count: ranks * replicas)
    for (global, place) in rankMap.enumerated() {
      guard place.rank < ranks, place.replica < replicas else {
        throw RequestError(
          .invalidPipeline, path: "rankMap[\(global)]",
          expected: "a rank in 0...\(ranks - 1) and a replica in 0...\(replicas - 1)",
          found: "[\(place.rank), \(place.replica)]", fix: "correct the map, or dataParallelWidth")
      }
      counts[place.rank * replicas + place.replica] += 1
    }
    if let wrong = counts.indices.first(where: { counts[$0] != devices[$0 / replicas] }) {
      throw RequestError(
        .invalidPipeline, path: "rankMap",
        expected: "every rank of every replica once for each of its devices, rank \(wrong / replicas) "
          + "\(devices[wrong / replicas]) times",
        found: "rank \(wrong / replicas) of replica \(wrong % replicas) \(counts[wrong]) times",
        fix: "list every global rank, or correct the widths")
    }
    layout.map = rankMap
    return layout
  }
}
