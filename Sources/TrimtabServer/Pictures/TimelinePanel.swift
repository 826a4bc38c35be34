internal import EnergyFrontier
internal import Sessions

/// One iteration of a ``TimelinePicture``: a row for each rank.
struct TimelinePanel {
  private let timeline: IterationTimeline
  private let name: String
  private let top: Double
  private let axis: TimeAxis
  private let scale: PowerScale
  private let rowHeight: Double

  static let waitColour = "#f1f1f1"
  static let switchColour = "#cc79a7"
  static let criticalColour = "#d55e00"
  private static let headHeight = 24.0

  init(_ timeline: IterationTimeline, name: String, top: Double, axis: TimeAxis, scale: PowerScale) {
    (self.timeline, self.name, self.top, self.axis, self.scale) = (timeline, name, top, axis, scale)
    rowHeight = min(26, max(3, 480 / Double(timeline.ranks.count)))
  }

  var rowsTop: Double { top + Self.headHeight }
  var bottom: Double { rowsTop + rowHeight * Double(timeline.ranks.count) }

  private func y(_ rank: Int) -> Double { rowsTop + rowHeight * Double(rank) }
  /// Rows are separated where there is room.
  private var barHeight: Double { rowHeight > 8 ? rowHeight - 4 : rowHeight * 0.85 }

  /// The line under a bar that is on a longest path.
  private var markHeight: Double { min(3, barHeight * 0.2) }

  var drawing: [String] {
    var parts = [heading]
    for (rank, row) in timeline.ranks.enumerated() { parts += drawing(of: row, rank) }
    parts += rankLabels + [criticalPath]
    let end = axis.place(timeline.iterationTimeSeconds)
    parts.append(
      "<line x1=\"\(decimal(end, 2))\" x2=\"\(decimal(end, 2))\" y1=\"\(decimal(rowsTop - 4, 1))\" y2=\"\(decimal(bottom + 2, 1))\" stroke=\"#1a1a1a\" stroke-width=\"1.5\"/>"
    )
    return parts
  }

  private var heading: String {
    let switches = timeline.ranks.reduce(0) { $0 + $1.switches.count }
    let facts = [
      decimal(timeline.iterationTimeSeconds, 3) + " s", decimal(timeline.energyJoules, 0) + " J",
      decimal(timeline.energyJoules / timeline.iterationTimeSeconds, 0) + " W on average",
      switches == 1 ? "1 change of clock" : "\(switches) changes of clock",
    ].joined(separator: " · ")
    return
      "<text x=\"\(TimelinePicture.left)\" y=\"\(decimal(top + 14, 1))\" fill=\"#1a1a1a\"><tspan font-weight=\"600\">\(name)</tspan><tspan dx=\"12\" fill=\"#444\">\(facts)</tspan></text>"
  }

  private func drawing(of rank: IterationTimeline.Rank, _ number: Int) -> [String] {
    let y = y(number) + (rowHeight - barHeight) / 2
    let start = axis.place(0)
    var parts = [
      rectangle(start, y, axis.place(timeline.iterationTimeSeconds) - start, barHeight, Self.waitColour)
    ]
    for group in BarGroup.grouped(rank.instructions, axis) {
      let (left, right) = (axis.place(group.startSeconds), axis.place(group.endSeconds))
      // A hairline of background separates bars that are wide enough.
      let width = right - left > 3 ? right - left - 0.6 : right - left
      parts.append(rectangle(left, y, width, barHeight, scale.colour(group.powerWatts)))
      if group.isCritical {
        parts.append(rectangle(left, y + barHeight - markHeight, width, markHeight, Self.criticalColour))
      }
      if let label = group.label, barHeight > 12, Double(label.count) * 6.2 + 4 < width {
        parts.append(
          "<text x=\"\(decimal((left + right) / 2, 2))\" y=\"\(decimal(y + (barHeight - markHeight) / 2 + 3.5, 2))\" font-size=\"10\" text-anchor=\"middle\" fill=\"\(scale.ink(group.powerWatts))\">\(label)</text>"
        )
      }
    }
    // Changes of frequency without latency are visible in the colours only.
    for change in rank.switches where change.endSeconds > change.startSeconds {
      let (left, right) = (axis.place(change.startSeconds), axis.place(change.endSeconds))
      parts.append(rectangle(left, y, max(0.8, right - left), barHeight, Self.switchColour))
    }
    return parts
  }

  /// The ranks' numbers, as many as there is room for.
  private var rankLabels: [String] {
    let every = max(1, Int((12 / rowHeight).rounded(.up)))
    return stride(from: 0, to: timeline.ranks.count, by: every).map { rank in
      "<text x=\"\(TimelinePicture.left - 8)\" y=\"\(decimal(y(rank) + rowHeight / 2 + 4, 1))\" text-anchor=\"end\" font-size=\"12\" fill=\"#333\">rank \(rank)</text>"
    }
  }

  /// One longest path, along the lower edge of its bars.
  private var criticalPath: String {
    let points = timeline.longestPath.flatMap { stop -> [String] in
      let y = decimal(y(stop.rank) + (rowHeight + barHeight) / 2 - markHeight / 2, 2)
      return [axis.place(stop.startSeconds), axis.place(stop.endSeconds)].map { "\(decimal($0, 2)),\(y)" }
    }
    return
      "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" stroke=\"\(Self.criticalColour)\" stroke-width=\"1.4\"/>"
  }
}

/// Adjacent instructions that are drawn as one bar, because each alone would be narrower than a line.
private struct BarGroup {
  var startSeconds: Double
  var endSeconds: Double
  var energyJoules: Double
  var busySeconds: Double
  var isCritical: Bool
  /// The instruction, where the bar is a single one.
  var label: String?

  var powerWatts: Double { energyJoules / busySeconds }

  private init(_ execution: IterationTimeline.InstructionExecution) {
    startSeconds = execution.startSeconds
    endSeconds = execution.endSeconds
    energyJoules = execution.energyJoules
    busySeconds = execution.timeSeconds
    isCritical = execution.isCritical
    label = execution.shortName
  }

  static func grouped(_ executions: [IterationTimeline.InstructionExecution], _ axis: TimeAxis) -> [BarGroup] {
    var groups: [BarGroup] = []
    // What takes no time has no width.
    for execution in executions where execution.timeSeconds > 0 {
      let isClose = groups.last.map { axis.place(execution.startSeconds) - axis.place($0.endSeconds) < 0.2 } ?? false
      let isNarrow = groups.last.map { axis.place($0.endSeconds) - axis.place($0.startSeconds) < 1 } ?? false
      guard isClose && isNarrow else {
        groups.append(BarGroup(execution))
        continue
      }
      let last = groups.count - 1
      groups[last].endSeconds = execution.endSeconds
      groups[last].energyJoules += execution.energyJoules
      groups[last].busySeconds += execution.timeSeconds
      groups[last].isCritical = groups[last].isCritical || execution.isCritical
      groups[last].label = nil
    }
    return groups
  }
}

extension IterationTimeline.InstructionExecution {
  /// The label of a bar: the kind's initial and the microbatch, such as F3, or F5 B2 for an overlapped pair.
  fileprivate var shortName: String? {
    guard let microbatch = instruction.microbatch else { return nil }
    if let overlapped = instruction.overlapped { return "F\(microbatch) B\(overlapped.microbatch)" }
    let initials: [InstructionKind: String] = [
      .forward: "F", .backward: "B", .recompute: "R", .inputGradient: "I", .weightGradient: "W",
      .recomputeBackward: "RB",
    ]
    return InstructionKind(rawValue: instruction.table.instruction).flatMap { initials[$0] }.map {
      "\($0)\(microbatch)"
    }
  }
}
