package import JSON

/// One device, as its owner describes it. Nothing about models of GPUs is built in: tables of power go stale.
package struct GPU: Sendable, Equatable {
  package var id: String
  package var node: String?
  package var model: String?
  package var memoryBytes: Int?
  /// Settings the device supports, usually clocks in MHz, as they were sent.
  package var frequencies: [JSON]?
  /// Watts it draws while it waits for others.
  package var blockingPowerWatts: Double?
  /// Watts it is allowed to draw.
  package var powerLimitWatts: Double?
  /// Seconds that setting another clock takes between two instructions.
  package var switchLatencySeconds: Double?
  /// Joules that it takes beyond the blocking power over that time.
  package var switchEnergyJoules: Double?

  package init(
    id: String, node: String?, model: String?, memoryBytes: Int?, frequencies: [JSON]?, blockingPowerWatts: Double?,
    powerLimitWatts: Double? = nil, switchLatencySeconds: Double? = nil, switchEnergyJoules: Double? = nil
  ) {
    self.id = id
    self.node = node
    self.model = model
    self.memoryBytes = memoryBytes
    self.frequencies = frequencies
    self.blockingPowerWatts = blockingPowerWatts
    self.powerLimitWatts = powerLimitWatts
    self.switchLatencySeconds = switchLatencySeconds
    self.switchEnergyJoules = switchEnergyJoules
  }
}
