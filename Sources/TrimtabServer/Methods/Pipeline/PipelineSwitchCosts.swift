internal import EnergyFrontier
internal import Sessions

/// What changes of frequency cost on each rank.
extension PipelineDefine {
  /// From the request, or else from the ranks' GPUs; where neither says, nothing.
  static func switchCosts(_ params: Params, _ session: SessionState, ranks: Int) throws(RequestError) -> [SwitchCost] {
    let gpus = (params.gpus ?? []).compactMap { id in session.gpus.first { $0.id == id } }
    func values(
      _ path: String, _ given: [Double]?, _ ofGPU: (GPU) -> Double?
    ) throws(RequestError) -> [Double] {
      guard let given else { return gpus.isEmpty ? Array(repeating: 0, count: ranks) : gpus.map { ofGPU($0) ?? 0 } }
      if given.count == 1 { return Array(repeating: given[0], count: ranks) }
      guard given.count == ranks else {
        throw RequestError(
          .invalidPipeline, path: path, expected: "\(ranks), one for each rank of scheduleCSV", found: "\(given.count)",
          fix: "send one for each row")
      }
      return given
    }
    let latencies = try values("switchLatencySeconds", params.switchLatencySeconds) { $0.switchLatencySeconds }
    let energies = try values("switchEnergyJoules", params.switchEnergyJoules) { $0.switchEnergyJoules }
    return zip(latencies, energies).map { SwitchCost(latencySeconds: $0, energyJoules: $1) }
  }
}
