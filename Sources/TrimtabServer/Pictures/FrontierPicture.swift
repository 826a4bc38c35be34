internal import EnergyFrontier
package import Sessions

/// The frontier drawn as SVG: the exact lower bound, some of the plans, every instruction at its highest frequency, and
/// the plans that a reader looks for with their figures.
///
/// Shows the range of useful choices: from the fastest iteration to slightly beyond the cheapest. Plans are drawn
/// thinned and hollow, and below the bound, since hundreds of dots that lie tenths of a percent above a line would hide
/// it.
package struct FrontierPicture {
  private let frontier: Frontier
  private let allMaxFrequency: IterationOutcome
  private let title: String
  private let chosen: Int?
  private let time: Axis
  private let energy: Axis

  private static let width = 860.0
  private static let height = 540.0
  private static let plot = (left: 92.0, right: 836.0, top: 64.0, bottom: 474.0)
  /// At most as many plans are drawn.
  private static let shownPlanCount = 40
  /// Colours that survive colour-blindness (Okabe and Ito, 2008). Shapes differ too, for print without colour.
  private static let colour = (bound: "#0072B2", plan: "#D55E00", allMax: "#CC79A7", chosen: "#000000")

  /// - Parameter chosen: the number of a plan to mark, such as that for a deadline.
  package init(_ characterized: CharacterizedFrontier, title: String, chosen: Int? = nil) {
    self.title = title
    self.chosen = chosen
    frontier = characterized.frontier
    allMaxFrequency = characterized.inputs.allMaxFrequency
    let curve = characterized.frontier.curve
    let span = max(curve.cheapestTimeSeconds - curve.minimumTimeSeconds, curve.minimumTimeSeconds * 0.01)
    let slowest = max(curve.cheapestTimeSeconds + 0.08 * span, allMaxFrequency.iterationTimeSeconds)
    time = Axis(from: curve.minimumTimeSeconds, to: slowest, at: Self.plot.left, until: Self.plot.right)
    let energies = frontier.plans.map(\.energyJoules) + [allMaxFrequency.energyJoules, curve.leastEnergyJoules]
    energy = Axis(
      from: energies.min() ?? 0, to: energies.max() ?? 1, at: Self.plot.bottom, until: Self.plot.top)
  }

  /// The picture as text.
  package var svg: String {
    let heading = "Energy against time of an iteration: \(escaped(title))"
    var parts = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" \
      font-family="system-ui, sans-serif" font-size="13" role="img">
      <title>\(heading)</title>
      <rect width="100%" height="100%" fill="#ffffff"/>
      <text x="\(Self.plot.left)" y="26" font-size="\(headingSize(heading))" font-weight="600" \
      fill="#1a1a1a">\(heading)</text>
      <text x="\(Self.plot.left)" y="46" fill="#555">\(escaped(subtitle))</text>
      """
    ]
    parts += axes()
    let shown = shownPlans
    parts += shown.map(hollowDot)
    parts.append(
      "<polyline points=\"\(boundPoints())\" fill=\"none\" stroke=\"\(Self.colour.bound)\" stroke-width=\"1.8\"/>")
    parts += labels()
    parts += legend(shownCount: shown.count)
    parts.append("</svg>\n")
    return parts.joined(separator: "\n")
  }

  private var subtitle: String {
    let fastest = frontier.plans[0]
    let cheapest = frontier.plans[frontier.plans.count - 1]
    let slower = decimal(100 * (cheapest.iterationTimeSeconds / fastest.iterationTimeSeconds - 1), 1)
    return "saves \(saved(fastest)) at full speed, up to \(saved(cheapest)) when \(slower) % slower"
  }

  private func saved(_ plan: Plan) -> String {
    decimal(100 * (1 - plan.energyJoules / allMaxFrequency.energyJoules), 1) + " %"
  }

  /// A long heading is set smaller, so that it ends within the picture: a bold letter is about .62 of its size wide.
  private func headingSize(_ heading: String) -> String {
    decimal(min(17, (Self.width - Self.plot.left - 12) / (0.62 * Double(max(heading.count, 1)))), 1)
  }

  private func boundPoints() -> String {
    let shown = frontier.curve.breakpoints.filter { $0.iterationTimeSeconds <= time.to }
    var points = shown.map { ($0.iterationTimeSeconds, $0.energyJoules) }
    if let last = frontier.curve.energyJoules(at: time.to) { points.append((time.to, last)) }
    return points.map { decimal(time.place($0.0), 2) + "," + decimal(energy.place($0.1), 2) }.joined(separator: " ")
  }

  /// The first and the last plan, and others about evenly spaced in time.
  private var shownPlans: [Plan] {
    let plans = frontier.plans
    guard plans.count > Self.shownPlanCount, let first = plans.first, let last = plans.last else { return plans }
    let step = (last.iterationTimeSeconds - first.iterationTimeSeconds) / Double(Self.shownPlanCount - 1)
    var shown = [first]
    for plan in plans.dropFirst().dropLast()
    where plan.iterationTimeSeconds >= first.iterationTimeSeconds + Double(shown.count) * step {
      shown.append(plan)
    }
    return shown + [last]
  }

  private func place(_ seconds: Double, _ joules: Double) -> (x: Double, y: Double) {
    (time.place(seconds), energy.place(joules))
  }

  private func hollowDot(_ plan: Plan) -> String {
    let (x, y) = place(plan.iterationTimeSeconds, plan.energyJoules)
    return """
      <circle cx="\(decimal(x, 2))" cy="\(decimal(y, 2))" r="3.4" fill="#ffffff" stroke="\(Self.colour.plan)" \
      stroke-width="1.2"><title>\(figures(plan))</title></circle>
      """
  }

  /// As in "3.504 s, 10146 J, 14.0 % saved, 0.31 % above the bound".
  private func figures(_ plan: Plan) -> String {
    """
    \(decimal(plan.iterationTimeSeconds, time.digits + 2)) s, \(decimal(plan.energyJoules, energy.digits)) J, \
    \(saved(plan)) saved, \(decimal(100 * max(0, plan.gapFraction), 2)) % above the bound
    """
  }
}

extension FrontierPicture {
  /// The points that a reader looks for, with their figures.
  ///
  /// Above a falling curve its right side is free, so a label stands there; at the right edge it stands to the left.
  private func labels() -> [String] {
    let plans = frontier.plans
    let baseline = place(allMaxFrequency.iterationTimeSeconds, allMaxFrequency.energyJoules)
    var parts = [
      """
      <rect x="\(decimal(baseline.x - 5, 2))" y="\(decimal(baseline.y - 5, 2))" width="10" height="10" \
      fill="\(Self.colour.allMax)"/>
      """,
      label(
        "every clock at its highest",
        "\(decimal(allMaxFrequency.iterationTimeSeconds, time.digits + 2)) s, "
          + "\(decimal(allMaxFrequency.energyJoules, energy.digits)) J", at: baseline, below: true),
    ]
    let last = plans.count - 1
    var named = [(number: 0, name: "fastest")]
    if last > 0 { named.append((last, "cheapest")) }
    if let chosen, chosen > 0, chosen < last { named.append((chosen, "chosen")) }
    for (number, name) in named {
      let plan = plans[number]
      let point = place(plan.iterationTimeSeconds, plan.energyJoules)
      let isChosen = number == chosen
      parts.append(
        """
        <circle cx="\(decimal(point.x, 2))" cy="\(decimal(point.y, 2))" r="\(isChosen ? 5 : 3.4)" \
        fill="\(isChosen ? Self.colour.chosen : Self.colour.plan)"/>
        """)
      parts.append(
        label(
          "plan \(number), the \(name)",
          "\(decimal(plan.iterationTimeSeconds, time.digits + 2)) s, \(decimal(plan.energyJoules, energy.digits)) J, "
            + "\(saved(plan)) saved", at: point))
    }
    return parts
  }

  /// Two lines beside a point, above it unless `below`.
  private func label(_ name: String, _ figures: String, at point: (x: Double, y: Double), below: Bool = false) -> String
  {
    let isRight = point.x < Self.plot.right - 220
    let x = decimal(isRight ? point.x + 12 : min(point.x + 6, Self.plot.right), 2)
    let anchor = isRight ? "start" : "end"
    // A label to the left stands over the curve, which is higher there.
    let first = below ? point.y + 4 : point.y - (isRight ? 24 : 44)
    return """
      <g font-size="12" text-anchor="\(anchor)"><text x="\(x)" y="\(decimal(first, 2))" font-weight="600" \
      fill="#1a1a1a">\(name)</text><text x="\(x)" y="\(decimal(first + 15, 2))" fill="#333">\(figures)</text></g>
      """
  }

  private func axes() -> [String] {
    var parts: [String] = []
    for tick in time.ticks {
      let x = decimal(time.place(tick), 2)
      parts.append(
        "<line x1=\"\(x)\" x2=\"\(x)\" y1=\"\(Self.plot.top)\" y2=\"\(Self.plot.bottom)\" stroke=\"#e6e6e6\"/>")
      parts.append(
        "<text x=\"\(x)\" y=\"\(Self.plot.bottom + 20)\" text-anchor=\"middle\" fill=\"#333\">\(decimal(tick, time.digits))</text>"
      )
    }
    for tick in energy.ticks {
      let y = decimal(energy.place(tick), 2)
      parts.append(
        "<line x1=\"\(Self.plot.left)\" x2=\"\(Self.plot.right)\" y1=\"\(y)\" y2=\"\(y)\" stroke=\"#e6e6e6\"/>")
      parts.append(
        "<text x=\"\(Self.plot.left - 8)\" y=\"\(y)\" dy=\"4\" text-anchor=\"end\" fill=\"#333\">\(decimal(tick, energy.digits))</text>"
      )
    }
    let middle = (Self.plot.left + Self.plot.right) / 2
    parts.append(
      "<text x=\"\(middle)\" y=\"\(Self.height - 22)\" text-anchor=\"middle\" fill=\"#333\">iteration time (s)</text>")
    let centre = (Self.plot.top + Self.plot.bottom) / 2
    parts.append(
      "<text transform=\"translate(22 \(centre)) rotate(-90)\" text-anchor=\"middle\" fill=\"#333\">energy of one iteration (J)</text>"
    )
    return parts
  }

  private func legend(shownCount: Int) -> [String] {
    let x = Self.plot.right - 304
    let y = Self.plot.top + 8
    let largest = decimal(100 * (frontier.plans.map(\.gapFraction).max() ?? 0), 2)
    let plans = shownCount == frontier.plans.count ? "plans" : "plans (\(shownCount) of \(frontier.plans.count))"
    let entries = [
      (
        "<line x1=\"\(x - 8)\" x2=\"\(x + 8)\" y1=\"\(y + 18)\" y2=\"\(y + 18)\" stroke=\"\(Self.colour.bound)\" stroke-width=\"1.8\"/>",
        "lower bound: no plan is below"
      ),
      (
        "<circle cx=\"\(x)\" cy=\"\(y + 38)\" r=\"3.4\" fill=\"#ffffff\" stroke=\"\(Self.colour.plan)\" stroke-width=\"1.2\"/>",
        "\(plans), at most \(largest) % above it"
      ),
    ]
    let box =
      "<rect x=\"\(x - 16)\" y=\"\(y)\" width=\"316\" height=\"54\" rx=\"4\" fill=\"#ffffff\" stroke=\"#ccc\"/>"
    return [box]
      + entries.enumerated().map { row, entry in
        "\(entry.0)<text x=\"\(x + 16)\" y=\"\(y + 22 + Double(row) * 20)\" fill=\"#333\">\(entry.1)</text>"
      }
  }
}

/// Text escaped for SVG.
func escaped(_ text: String) -> String {
  text.reduce(into: "") { result, character in
    switch character {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    default: result.append(character)
    }
  }
}

extension LowerBoundCurve {
  /// Joules at the cheapest time.
  fileprivate var leastEnergyJoules: Double { energyJoules(at: cheapestTimeSeconds) ?? breakpoints[0].energyJoules }
}
