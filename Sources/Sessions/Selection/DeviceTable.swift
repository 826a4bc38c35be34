internal import Basics
package import ModelSelection

/// Which of the registered GPUs work for which trial.
package struct DeviceTable: Sendable {
  private struct Device: Sendable {
    let place: Place
    var trial: TrialID?
  }

  /// Orders idle devices by memory, the largest first, and then by registration.
  private struct Place: Sendable, Comparable {
    /// `Int.max` where it is not known: then anything is tried.
    let memoryBytes: Int
    let order: Int
    let id: String
    let node: String?

    /// The device's failure domain: its node, or itself where the node is unknown.
    var domain: String { node ?? id }

    static func < (a: Place, b: Place) -> Bool {
      a.memoryBytes != b.memoryBytes ? a.memoryBytes > b.memoryBytes : a.order < b.order
    }

    static func == (a: Place, b: Place) -> Bool { a.order == b.order && a.memoryBytes == b.memoryBytes }
  }

  private var devices: [ExactString: Device] = [:]
  /// Idle devices of nodes that are not suspended.
  private var idle: [Place] = []
  /// All devices.
  private var places: [Place] = []
  private var suspended: Set<String> = []
  private var registeredCount = 0

  package init(_ gpus: [GPU]) { register(gpus) }

  package var isEmpty: Bool { devices.isEmpty }
  package var idleCount: Int { idle.count }
  /// Whether devices would be idle if their nodes were not suspended. O(devices) while nodes are suspended.
  package var hasSuspendedIdle: Bool {
    !suspended.isEmpty && devices.values.contains { $0.trial == nil && suspended.contains($0.place.domain) }
  }
  package var count: Int { devices.count }

  /// Adds devices, or updates the description of known ones; a device at work stays at work.
  package mutating func register(_ gpus: [GPU]) {
    for gpu in gpus {
      let known = devices[ExactString(gpu.id)]
      if let known { removePlace(known.place) }
      if let known, known.trial == nil { removeIdle(known.place) }
      if known == nil { registeredCount += 1 }
      let place = Place(
        memoryBytes: gpu.memoryBytes ?? .max, order: known?.place.order ?? registeredCount, id: gpu.id, node: gpu.node)
      devices[ExactString(gpu.id)] = Device(place: place, trial: known?.trial)
      places.insert(place, at: places.partitioningIndex { place < $0 })
      if known?.trial == nil { insertIdle(place) }
    }
  }

  /// The most memory that `count` registered devices have each, idle or not; nil when fewer are registered. O(1).
  package func largestMemoryBytes(_ count: Int) -> Int? {
    count >= 1 && count <= places.count ? places[count - 1].memoryBytes : nil
  }

  /// The failure domain of these devices: the node of the first, or its id where the node is unknown.
  package func domain(of ids: [String]) -> String? { ids.first.flatMap { devices[ExactString($0)]?.place.domain } }

  /// Gives the devices of these domains no more trials, and those of all other domains again. O(devices) at a change.
  package mutating func suspend(_ domains: Set<String>) {
    guard domains != suspended else { return }
    suspended = domains
    idle = places.filter { devices[ExactString($0.id)]?.trial == nil && !domains.contains($0.domain) }
  }

  /// Takes devices away; gives the trials that ran on them, each once, in ascending order.
  package mutating func retire(_ ids: [String]) -> [TrialID] {
    var trials: Set<TrialID> = []
    for id in ids {
      guard let device = devices.removeValue(forKey: ExactString(id)) else { continue }
      removePlace(device.place)
      if let trial = device.trial { trials.insert(trial) } else { removeIdle(device.place) }
    }
    return trials.sorted()
  }

  /// The trial that a registered device works for.
  ///
  /// - Returns: nil when it is not registered, `.some(nil)` when it is idle.
  package func trial(on id: String) -> TrialID?? { devices[ExactString(id)].map(\.trial) }

  /// The memory of each of these devices, of which the smallest decides what fits.
  package func leastMemoryBytes(of ids: [String]) -> Int {
    ids.reduce(.max) { min($0, devices[ExactString($1)]?.place.memoryBytes ?? .max) }
  }

  /// The most memory that `count` idle devices have each; nil when fewer are idle. O(1).
  package func memoryBytes(ofIdle count: Int) -> Int? {
    count >= 1 && count <= idle.count ? idle[count - 1].memoryBytes : nil
  }

  /// The `count` smallest idle devices that have enough memory, those of one node if one has that many.
  ///
  /// - Parameter domains: failure domains whose devices are not chosen.
  /// - Returns: nil when there are not enough. O(idle devices) where several are wanted or some avoided, else
  ///   O(log idle devices).
  package func choose(_ count: Int, memoryBytes: Int, avoiding domains: Set<String> = []) -> [String]? {
    if !domains.isEmpty {
      var others = self
      others.suspend(suspended.union(domains))
      return others.choose(count, memoryBytes: memoryBytes)
    }
    // Those that fit come first, and of those the smallest come last.
    let fitting = idle[..<idle.partitioningIndex { $0.memoryBytes < memoryBytes }]
    guard count >= 1, fitting.count >= count, let smallest = fitting.last?.memoryBytes else { return nil }
    if count == 1 { return [idle[fitting.partitioningIndex { $0.memoryBytes <= smallest }].id] }
    let ordered = fitting.sorted { ($0.memoryBytes, $0.order) < ($1.memoryBytes, $1.order) }
    var perNode: [ExactString: [String]] = [:]
    for place in ordered {
      guard let node = place.node else { continue }
      perNode[ExactString(node), default: []].append(place.id)
      if perNode[ExactString(node)]!.count == count { return perNode[ExactString(node)] }
    }
    return ordered.prefix(count).map(\.id)
  }

  /// Puts idle devices to work.
  package mutating func occupy(_ ids: [String], trial: TrialID) {
    for id in ids {
      guard let device = devices[ExactString(id)], device.trial == nil else { continue }
      removeIdle(device.place)
      devices[ExactString(id)]!.trial = trial
    }
  }

  /// Makes the devices of a trial that has ended idle again.
  package mutating func release(_ ids: [String], trial: TrialID) {
    for id in ids {
      guard let device = devices[ExactString(id)], device.trial == trial else { continue }
      devices[ExactString(id)]!.trial = nil
      insertIdle(device.place)
    }
  }

  private mutating func insertIdle(_ place: Place) {
    guard !suspended.contains(place.domain) else { return }
    idle.insert(place, at: idle.partitioningIndex { place < $0 })
  }

  private mutating func removeIdle(_ place: Place) {
    guard !suspended.contains(place.domain) else { return }
    Self.remove(place, from: &idle)
  }

  private mutating func removePlace(_ place: Place) { Self.remove(place, from: &places) }

  private static func remove(_ place: Place, from list: inout [Place]) {
    let index = list.partitioningIndex { !($0 < place) }
    precondition(list[index] == place, "a device is in its place")
    list.remove(at: index)
  }
}
