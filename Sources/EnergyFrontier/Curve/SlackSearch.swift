/// The search half of the parametric flow: which events can be reached over tight residual arcs, and how far the others
/// are.
///
/// First a breadth-first search over tight arcs (slack 0). When it reaches the sink, its levels guide a blocking flow
/// (Dinic 1970) and the slack is 0. When it does not, Dijkstra's search goes on from the events it reached until the
/// sink is settled. ``Order/settling`` does both in one search. With D_v = time_v - distance_v the relaxation over an
/// arc of length l is D_head = max(D_head, D_tail + l), so one sum is formed for each arc and slack never has to be.
///
/// What is known of each event sits in one unsafe buffer, because these loops are the engine's hottest: they run for
/// every corner over every critical event. It is reached only from here, and its bounds are checked in debug builds.
final class SlackSearch {
  /// The search's data on one event.
  private struct Event {
    /// Current event time in ticks.
    var time: Int64
    /// time - distance; `unreached` where no path was found.
    var reduced = SlackSearch.unreached
    /// Rises along the arcs that a blocking flow may take; -1 where there are none. ``Order`` says how it is counted.
    var level: Int32 = -1
    /// Where the blocking flow goes on in the event's arcs.
    var nextArc: Int32 = 0
  }

  private let network: FlowNetwork
  private let sink: Int
  private let events: UnsafeMutableBufferPointer<Event>
  /// Events in the order they were settled: the tight part first.
  private var settled: [Int32] = []
  /// Events reached at all, settled or not; what the next search must reset.
  private var reached: [Int32] = []
  private var heap = NearestFirst()
  private var tied: [Int32] = []
  private var path: [Int32] = []

  private static let unreached = Int64.min / 2
  private static let settledLater = Int32.max

  /// Which tight arcs a blocking flow takes.
  enum Order {
    /// From each level of the breadth-first search to the next: the shortest paths, by a search of their own.
    case levels
    /// From events settled earlier to later ones: paths may be longer, but a search that found slack also serves the
    /// flow after it, which saves half of all searches. For coarse prices, where one flow rarely needs a second.
    case settling
  }

  private let order: Order
  /// The distance that was found last, in ``Order/settling``.
  private var lastSlack: Int64?
  /// Whether the events that the last search settled were pulled together by it, so that its tree is tight now and the
  /// sink is reached without another search.
  private var isPulledTogether = false

  /// Takes the event times to begin with, in ticks.
  init(_ network: FlowNetwork, times: [Int64], sink: Int, order: Order) {
    self.network = network
    self.sink = sink
    self.order = order
    events = .allocate(capacity: network.nodeCount)
    for node in 0..<network.nodeCount { events.initializeElement(at: node, to: Event(time: times[node])) }
  }

  deinit { events.deallocate() }

  /// Event times in ticks, relative to an origin that moves; differences are what counts.
  var times: [Int64] { events.map(\.time) }

  /// Ticks from the source's time to the sink's.
  var iterationTicks: Int64 { events[sink].time - events[EventNetwork.source].time }

  /// The least total slack of a residual path from source to sink, in ticks; the path of the arcs themselves always
  /// exists.
  func run() -> Int64 {
    if isPulledTogether {
      isPulledTogether = false
      return 0
    }
    for node in reached {
      events[Int(node)].reduced = Self.unreached
      events[Int(node)].level = -1
    }
    reached.removeAll(keepingCapacity: true)
    settled.removeAll(keepingCapacity: true)
    switch order {
    case .levels: return reachTight() ? 0 : reachNearest()
    case .settling:
      let slack = settleNearest()
      lastSlack = slack
      return slack
    }
  }

  /// Dijkstra's search from the source until the sink is settled, with the order of settling as levels; its distance.
  private func settleNearest() -> Int64 {
    let (events, residuals, sink, firstArc) = (events, network.residuals, sink, network.firstArc)
    var settled = consume(&settled)
    var reached = consume(&reached)
    var heap = NearestFirst()
    swap(&heap, &self.heap)
    defer {
      self.settled = settled
      self.reached = reached
      self.heap = heap
    }
    heap.removeAll()
    func settle(_ node: Int, _ settled: inout [Int32]) {
      events[node].level = Int32(settled.count)
      events[node].nextArc = firstArc[node]
      settled.append(Int32(node))
    }
    events[EventNetwork.source].reduced = events[EventNetwork.source].time
    reached.append(Int32(EventNetwork.source))
    settle(EventNetwork.source, &settled)
    var (distance, next): (Int64, Int) = (0, 0)
    while true {
      while next < settled.count {
        let node = Int(settled[next])
        next += 1
        let base = events[node].reduced
        for place in network.arcs(leaving: node) {
          let head = Int(residuals[place].head)
          let arrival = base + residuals[place].length
          if arrival <= events[head].reduced { continue }
          if events[head].reduced == Self.unreached { reached.append(Int32(head)) }
          events[head].reduced = arrival
          let away = events[head].time - arrival
          if away > distance {
            heap.push(distance: away, node: Int32(head))
          } else {
            // As near as the one being scanned, as most are, since the critical part is tight.
            settle(head, &settled)
            if head == sink { return distance }
          }
        }
      }
      var nearest = heap.popNearest()
      while events[Int(nearest.node)].level >= 0 { nearest = heap.popNearest() }
      distance = nearest.distance
      settle(Int(nearest.node), &settled)
      if Int(nearest.node) == sink { return distance }
    }
  }

  /// Breadth-first over tight arcs; true when they lead to the sink.
  private func reachTight() -> Bool {
    let (events, residuals, sink) = (events, network.residuals, sink)
    var settled = consume(&settled)
    var reached = consume(&reached)
    defer {
      self.settled = settled
      self.reached = reached
    }
    let firstArc = network.firstArc
    events[EventNetwork.source].reduced = events[EventNetwork.source].time
    events[EventNetwork.source].level = 0
    events[EventNetwork.source].nextArc = firstArc[EventNetwork.source]
    reached.append(Int32(EventNetwork.source))
    settled.append(Int32(EventNetwork.source))
    var next = 0
    while next < settled.count {
      let node = Int(settled[next])
      next += 1
      let base = events[node].time
      let level = events[node].level + 1
      for place in network.arcs(leaving: node) {
        let head = Int(residuals[place].head)
        let arrival = base + residuals[place].length
        if arrival <= events[head].reduced { continue }
        if events[head].reduced == Self.unreached { reached.append(Int32(head)) }
        events[head].reduced = arrival
        if arrival < events[head].time { continue }
        events[head].level = level
        events[head].nextArc = firstArc[head]
        settled.append(Int32(head))
        if head == sink { return true }
      }
    }
    return false
  }

  /// Dijkstra's search from the tight part until the sink is settled; its distance.
  private func reachNearest() -> Int64 {
    let (events, residuals, sink) = (events, network.residuals, sink)
    var settled = consume(&settled)
    var reached = consume(&reached)
    var tied = consume(&tied)
    var heap = NearestFirst()
    swap(&heap, &self.heap)
    defer {
      self.settled = settled
      self.reached = reached
      self.tied = tied
      self.heap = heap
    }
    heap.removeAll()
    tied.removeAll(keepingCapacity: true)
    for node in reached where events[Int(node)].level < 0 {
      heap.push(distance: events[Int(node)].time - events[Int(node)].reduced, node: node)
    }
    var distance: Int64 = 0
    while true {
      let node: Int
      if let other = tied.popLast() {
        node = Int(other)
      } else {
        let nearest = heap.popNearest()
        node = Int(nearest.node)
        distance = nearest.distance
      }
      if events[node].level >= 0 { continue }
      if node == sink { return distance }
      events[node].level = Self.settledLater
      settled.append(Int32(node))
      let base = events[node].reduced
      for place in network.arcs(leaving: node) {
        let head = Int(residuals[place].head)
        let arrival = base + residuals[place].length
        if arrival <= events[head].reduced { continue }
        if events[head].reduced == Self.unreached { reached.append(Int32(head)) }
        events[head].reduced = arrival
        let away = events[head].time - arrival
        // Most events tie with the one being scanned, since the critical part is tight; they skip the heap.
        if away == distance { tied.append(Int32(head)) } else { heap.push(distance: away, node: Int32(head)) }
      }
    }
  }

  /// Moves the events nearer than the sink towards it: each one's time by `shift` less its distance.
  func pullTogether(by shift: Int64) {
    isPulledTogether = shift == lastSlack
    for node in settled {
      let distance = events[Int(node)].time - events[Int(node)].reduced
      if distance < shift { events[Int(node)].time += shift - distance }
    }
  }

  /// The event times that ``pullTogether(by:)`` would give.
  func times(pulledTogetherBy shift: Int64) -> [Int64] {
    var times = times
    for node in settled {
      let distance = times[Int(node)] - events[Int(node)].reduced
      if distance < shift { times[Int(node)] += shift - distance }
    }
    return times
  }

  /// Sends flow along tight arcs that rise one level until no such path is left; call only after a search with slack 0.
  ///
  /// Returns the flow sent, or nil when a path had no bound.
  func sendBlockingFlow() -> FlowNetwork.Units? {
    let (events, residuals, firstArc) = (events, network.residuals, network.firstArc)
    var path = consume(&path)
    defer { self.path = path }
    path.removeAll(keepingCapacity: true)
    let isSettling = order == .settling
    var sent: FlowNetwork.Units = 0
    var node = EventNetwork.source
    search: while true {
      if node == sink {
        var bottleneck = FlowNetwork.unbounded
        for label in path { bottleneck = min(bottleneck, network.capacity(label)) }
        if bottleneck == FlowNetwork.unbounded { return nil }
        sent += bottleneck
        // Go on from the first event whose arc is no longer there or no longer tight.
        var kept = path.count
        for (index, label) in path.enumerated() {
          let length = network.length(label)
          network.push(bottleneck, along: label)
          if network.length(label) != length && kept == path.count { kept = index }
        }
        while path.count > kept { node = network.tail(path.removeLast()) }
        continue
      }
      let base = events[node].time
      let level = events[node].level + 1
      var next = events[node].nextArc
      while next < firstArc[node + 1] {
        let residual = residuals[Int(next)]
        let head = Int(residual.head)
        let isNext = isSettling ? events[head].level >= level : events[head].level == level
        if isNext && base + residual.length == events[head].time {
          events[node].nextArc = next
          path.append(residual.label)
          node = head
          continue search
        }
        next += 1
      }
      events[node].nextArc = next
      guard let label = path.popLast() else { return sent }
      node = network.tail(label)
      events[node].nextArc += 1
    }
  }
}

/// Takes an array out of its owner so that a hot loop appends to a local without uniqueness or exclusivity checks; the
/// caller puts it back.
private func consume(_ array: inout [Int32]) -> [Int32] {
  var taken: [Int32] = []
  swap(&taken, &array)
  return taken
}
