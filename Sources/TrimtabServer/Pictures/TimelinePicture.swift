package import EnergyFrontier
package import Sessions

/// Two iterations one above the other on one time axis: every instruction at its highest frequency, and a plan.
///
/// Each rank is a row, each instruction a bar coloured by its power. A line under a bar marks it as part of a longest
/// path, and a line through the rows follows one such path.
package struct TimelinePicture {
  private let title: String
  private let subtitle: String
  private let panels: [TimelinePanel]
  private let scale: PowerScale
  private let hasSwitches: Bool
  private let blockingWatts: ClosedRange<Double>
  private let axis: TimeAxis

  static let width = 1240.0
  static let left = 74.0
  static let right = 1216.0
  private static let panelsTop = 122.0
  private static let panelGap = 34.0

  package init(_ characterized: CharacterizedFrontier, _ plan: Plan, title: String) {
    self.init(characterized.inputs, IterationTimeline(characterized, plan), title: title)
  }

  /// Draws any plan of a pipeline.
  package init(_ inputs: FrontierInputs, _ after: IterationTimeline, title: String) {
    let before = IterationTimeline(inputs, measurements: inputs.highestMeasurements)
    self.title = title
    let longest = max(before.iterationTimeSeconds, after.iterationTimeSeconds)
    axis = TimeAxis(until: longest, from: Self.left, to: Self.right)
    let executions = (before.ranks + after.ranks).flatMap(\.instructions)
    scale = PowerScale(executions.filter { $0.timeSeconds > 0 }.map(\.powerWatts))
    let blocking = after.ranks.map(\.blockingPowerWatts)
    blockingWatts = (blocking.min() ?? 0)...(blocking.max() ?? 0)
    hasSwitches = (before.ranks + after.ranks).flatMap(\.switches).contains { $0.endSeconds > $0.startSeconds }
    let saving = 100 * (1 - after.energyJoules / before.energyJoules)
    let saved =
      saving < 0 ? "draws \(decimal(-saving, 1)) % more energy" : "saves \(decimal(saving, 1)) % of the energy"
    let slower = 100 * (after.iterationTimeSeconds / before.iterationTimeSeconds - 1)
    let pace =
      abs(slower) < 0.05
      ? "in the same time" : "\(decimal(abs(slower), 1)) % \(slower > 0 ? "slower" : "faster")"
    subtitle = "The plan \(saved), \(pace)."
    var top = Self.panelsTop
    var panels: [TimelinePanel] = []
    for (name, timeline) in [("Before: every clock at its highest", before), ("After: plan", after)] {
      let panel = TimelinePanel(timeline, name: name, top: top, axis: axis, scale: scale)
      panels.append(panel)
      top = panel.bottom + Self.panelGap
    }
    self.panels = panels
  }

  /// The picture as text.
  package var svg: String {
    let bottom = panels[panels.count - 1].bottom
    let height = Int((bottom + 58).rounded(.up))
    var parts = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(height)" \
      font-family="system-ui, sans-serif" font-size="13" role="img">
      <title>\(escaped(title)): an iteration before and after</title>
      <rect width="100%" height="100%" fill="#ffffff"/>
      <text x="\(Self.left)" y="28" font-size="17" font-weight="600" fill="#1a1a1a">\(escaped(title))</text>
      <text x="\(Self.left)" y="48" fill="#555">\(escaped(subtitle))</text>
      """
    ]
    parts += legend()
    parts += axis.lines(from: panels[0].rowsTop, to: bottom)
    for panel in panels { parts += panel.drawing }
    parts += axis.labels(below: bottom)
    parts.append("</svg>\n")
    return parts.joined(separator: "\n")
  }

  /// The legend in one line, with the scale of power.
  private func legend() -> [String] {
    let (top, height, length) = (72.0, 12.0, 220.0)
    var parts: [String] = [
      "<text x=\"\(Self.left)\" y=\"\(top - 6)\" font-size=\"12\" fill=\"#333\">power of one GPU while it computes (W)</text>"
    ]
    let pieces = 44
    for piece in 0..<pieces {
      let watts =
        scale.lowestWatts + (scale.highestWatts - scale.lowestWatts) * (Double(piece) + 0.5) / Double(pieces)
      let x = Self.left + length * Double(piece) / Double(pieces)
      parts.append(rectangle(x, top, length / Double(pieces) + 0.3, height, scale.colour(watts)))
    }
    for share in [0, 0.5, 1] {
      let watts = scale.lowestWatts + (scale.highestWatts - scale.lowestWatts) * share
      let anchor = share == 0 ? "start" : share == 1 ? "end" : "middle"
      parts.append(
        "<text x=\"\(decimal(Self.left + length * share, 1))\" y=\"\(top + height + 13)\" font-size=\"11\" text-anchor=\"\(anchor)\" fill=\"#333\">\(decimal(watts, 0))</text>"
      )
    }
    let waiting =
      blockingWatts.lowerBound == blockingWatts.upperBound
      ? decimal(blockingWatts.lowerBound, 0)
      : "\(decimal(blockingWatts.lowerBound, 0)) to \(decimal(blockingWatts.upperBound, 0))"
    var x = Self.left + length + 40
    func entry(_ mark: String, _ text: String, width: Double) {
      parts.append(mark)
      parts.append("<text x=\"\(x + 26)\" y=\"\(top + 10)\" font-size=\"12\" fill=\"#333\">\(text)</text>")
      x += width
    }
    entry(
      rectangle(x, top, 20, height, TimelinePanel.waitColour) + rectangle(x, top, 20, height, "none", stroke: "#bbb"),
      "waiting, \(waiting) W", width: 150 + (waiting.count > 4 ? 60 : 0))
    if hasSwitches {
      entry(rectangle(x, top, 20, height, TimelinePanel.switchColour), "changing the clock", width: 158)
    }
    entry(
      rectangle(x, top, 20, height, "#c9c9c9") + rectangle(x, top + height - 3, 20, 3, TimelinePanel.criticalColour),
      "on a longest path", width: 150)
    entry(
      "<line x1=\"\(x)\" x2=\"\(x + 20)\" y1=\"\(top + 6)\" y2=\"\(top + 6)\" stroke=\"\(TimelinePanel.criticalColour)\" stroke-width=\"1.6\"/>",
      "one longest path", width: 140)
    return parts
  }
}

/// The time axis below both panels, from 0.
struct TimeAxis {
  let longest: Double
  let from: Double
  let to: Double
  private let step: Double

  init(until longest: Double, from: Double, to: Double) {
    (self.longest, self.from, self.to) = (longest, from, to)
    step = Axis.roundStep(longest / 12)
  }

  func place(_ seconds: Double) -> Double { from + seconds / longest * (to - from) }

  private var ticks: [Double] { (0...Int((longest / step).rounded(.down))).map { Double($0) * step } }

  func lines(from top: Double, to bottom: Double) -> [String] {
    ticks.map {
      let x = decimal(place($0), 2)
      return
        "<line x1=\"\(x)\" x2=\"\(x)\" y1=\"\(decimal(top, 1))\" y2=\"\(decimal(bottom + 5, 1))\" stroke=\"#ddd\"/>"
    }
  }

  func labels(below bottom: Double) -> [String] {
    let digits = Axis.digits(of: step)
    return ticks.map {
      "<text x=\"\(decimal(place($0), 2))\" y=\"\(decimal(bottom + 20, 1))\" text-anchor=\"middle\" fill=\"#333\">\(decimal($0, digits))</text>"
    } + [
      "<text x=\"\(decimal((from + to) / 2, 1))\" y=\"\(decimal(bottom + 42, 1))\" text-anchor=\"middle\" fill=\"#333\">time after the iteration began (s)</text>"
    ]
  }
}

/// A rectangle of an SVG picture.
func rectangle(
  _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ fill: String, stroke: String? = nil
) -> String {
  let edge = stroke.map { " stroke=\"\($0)\"" } ?? ""
  return
    "<rect x=\"\(decimal(x, 2))\" y=\"\(decimal(y, 2))\" width=\"\(decimal(width, 2))\" height=\"\(decimal(height, 2))\" fill=\"\(fill)\"\(edge)/>"
}
