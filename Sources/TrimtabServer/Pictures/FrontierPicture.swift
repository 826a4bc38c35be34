internal import EnergyFrontier
package import Sessions

/// The frontier drawn as SVG: the exact lower bound, the plans, and every instruction at its highest frequency.
///
/// Shows the range of useful choices: from the fastest iteration to slightly beyond the cheapest.
package struct FrontierPicture {
  private let frontier: Frontier
  private let allMaxFrequency: Outcome
  private let title: String
  private let time: Axis
  private let energy: Axis

  private static let width = 860.0
  private static let height = 540.0
  private static let plot = (left: 92.0, right: 836.0, top: 64.0, bottom: 474.0)

  package init(_ characterized: CharacterizedFrontier, title: String) {
    self.title = title
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
    var parts = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" \
      font-family="system-ui, sans-serif" font-size="13" role="img">
      <title>Energy over iteration time: \(escaped(title))</title>
      <rect width="100%" height="100%" fill="#ffffff"/>
      <text x="\(Self.plot.left)" y="26" font-size="17" font-weight="600" fill="#1a1a1a">\(escaped(title))</text>
      <text x="\(Self.plot.left)" y="46" fill="#555">\(escaped(subtitle))</text>
      """
    ]
    parts += axes()
    parts.append(
      "<polyline points=\"\(boundPoints())\" fill=\"none\" stroke=\"#0b6e99\" stroke-width=\"2\"/>")
    for plan in frontier.plans {
      parts.append(dot(plan.iterationTimeSeconds, plan.energyJoules, radius: 2.2, fill: "#d9730d"))
    }
    parts.append(
      dot(allMaxFrequency.iterationTimeSeconds, allMaxFrequency.energyJoules, radius: 5, fill: "#b3261e"))
    parts += legend()
    parts.append("</svg>\n")
    return parts.joined(separator: "\n")
  }

  private var subtitle: String {
    let fastest = frontier.plans[0]
    let cheapest = frontier.plans[frontier.plans.count - 1]
    func saved(_ plan: Plan) -> String {
      decimal(100 * (1 - plan.energyJoules / allMaxFrequency.energyJoules), 1) + " %"
    }
    let slower = decimal(100 * (cheapest.iterationTimeSeconds / fastest.iterationTimeSeconds - 1), 1)
    return "saves \(saved(fastest)) at full speed, up to \(saved(cheapest)) when \(slower) % slower"
  }

  private func boundPoints() -> String {
    let shown = frontier.curve.breakpoints.filter { $0.iterationTimeSeconds <= time.to }
    var points = shown.map { ($0.iterationTimeSeconds, $0.energyJoules) }
    if let last = frontier.curve.energyJoules(at: time.to) { points.append((time.to, last)) }
    return points.map { decimal(time.place($0.0), 2) + "," + decimal(energy.place($0.1), 2) }.joined(separator: " ")
  }

  private func dot(_ seconds: Double, _ joules: Double, radius: Double, fill: String) -> String {
    "<circle cx=\"\(decimal(time.place(seconds), 2))\" cy=\"\(decimal(energy.place(joules), 2))\" r=\"\(radius)\" fill=\"\(fill)\"/>"
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

  private func legend() -> [String] {
    let x = Self.plot.right - 250
    let entries = [
      ("#0b6e99", "lower bound: no plan can beat it"), ("#d9730d", "plans, realised"),
      ("#b3261e", "every clock at its highest"),
    ]
    let box =
      "<rect x=\"\(x - 16)\" y=\"\(Self.plot.top + 8)\" width=\"262\" height=\"72\" rx=\"4\" fill=\"#ffffff\" stroke=\"#ccc\"/>"
    return [box]
      + entries.enumerated().map { row, entry in
        let y = Self.plot.top + 28 + Double(row) * 20
        return
          "<circle cx=\"\(x)\" cy=\"\(y - 4)\" r=\"4\" fill=\"\(entry.0)\"/><text x=\"\(x + 12)\" y=\"\(y)\" fill=\"#333\">\(entry.1)</text>"
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
