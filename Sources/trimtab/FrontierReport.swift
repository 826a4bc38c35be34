internal import EnergyFrontier
internal import JSON
internal import Sessions
internal import TrimtabServer

/// What `trimtab frontier` prints.
enum FrontierReport {
  /// One JSON document: the exact corners, the plans as realised, and the comparison.
  static func json(_ characterized: CharacterizedFrontier) -> String {
    let frontier = characterized.frontier
    var writer = ObjectWriter()
    writer.braced { document in
      document.field("minimumTimeSeconds", frontier.curve.minimumTimeSeconds)
      document.field("cheapestTimeSeconds", frontier.curve.cheapestTimeSeconds)
      document.field("maximumTimeSeconds", frontier.curve.maximumTimeSeconds)
      document.list("lowerBound", frontier.curve.breakpoints) { corner, entry in
        entry.field("iterationTimeSeconds", corner.iterationTimeSeconds)
        entry.field("energyJoules", corner.energyJoules)
      }
      document.list("plans", frontier.plans) { plan, entry in
        entry.field("iterationTimeSeconds", plan.iterationTimeSeconds)
        entry.field("energyJoules", plan.energyJoules)
        entry.field("gapFraction", plan.gapFraction)
      }
      document.object("allMaxFrequency") {
        $0.field("iterationTimeSeconds", characterized.inputs.allMaxFrequency.iterationTimeSeconds)
        $0.field("energyJoules", characterized.inputs.allMaxFrequency.energyJoules)
      }
    }
    return String(decoding: writer.json.bytes, as: UTF8.self) + "\n"
  }

  /// A table of at most a dozen plans, evenly chosen, and the comparison.
  static func table(_ characterized: CharacterizedFrontier, title: String, chosen: Int) -> String {
    let frontier = characterized.frontier
    let baseline = characterized.inputs.allMaxFrequency
    let fastest = frontier.curve.minimumTimeSeconds
    var rows = [["plan", "time s", "slower", "energy J", "saved", "gap", "power W"]]
    rows.append([
      "all max", decimal(baseline.iterationTimeSeconds, 4), percent(baseline.iterationTimeSeconds / fastest - 1),
      decimal(baseline.energyJoules, 1), "", "", decimal(baseline.averagePowerWatts, 1),
    ])
    for index in shown(of: frontier.plans.count, including: chosen) {
      let plan = frontier.plans[index]
      rows.append([
        (index == chosen ? "> " : "") + "\(index)", decimal(plan.iterationTimeSeconds, 4),
        percent(plan.iterationTimeSeconds / fastest - 1), decimal(plan.energyJoules, 1),
        percent(1 - plan.energyJoules / baseline.energyJoules), percent(plan.gapFraction, digits: 3),
        decimal(plan.energyJoules / plan.iterationTimeSeconds, 1),
      ])
    }
    let gaps = frontier.plans.map(\.gapFraction).sorted()
    return """
      \(title)
      \(aligned(rows))
      \(frontier.plans.count) plans; exact lower bound with \(frontier.curve.breakpoints.count) corners; \
      gap median \(percent(gaps[gaps.count / 2], digits: 3)), largest \(percent(gaps[gaps.count - 1], digits: 3))

      """
  }

  private static func shown(of count: Int, including chosen: Int) -> [Int] {
    let steps = min(count - 1, 11)
    let even = steps == 0 ? [0] : (0...steps).map { $0 * (count - 1) / steps }
    return Set(even + [chosen]).sorted()
  }

  private static func percent(_ fraction: Double, digits: Int = 2) -> String { decimal(100 * fraction, digits) + " %" }

  private static func aligned(_ rows: [[String]]) -> String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}

/// A plan as a file that a launcher reads.
enum PlanCSV {
  /// `stage,instruction,microbatch,frequency`, stage after stage in the order of execution.
  static func text(_ characterized: CharacterizedFrontier, _ plan: Plan) -> String {
    var lines = ["stage,instruction,microbatch,frequency"]
    for (stage, steps) in PlanTimeline(characterized, plan).stages.enumerated() {
      for step in steps {
        let knob = step.knob.stringValue ?? step.knob.text
        lines.append(
          "\(stage),\(step.instruction.table.instruction),\(step.instruction.microbatch.map(String.init) ?? ""),\(knob)"
        )
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
