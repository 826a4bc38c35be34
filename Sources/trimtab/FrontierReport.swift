internal import Basics
internal import EnergyFrontier
internal import JSON
internal import Sessions
internal import TrimtabServer

/// What `trimtab frontier` prints.
struct FrontierReport {
  let curve: LowerBoundCurve
  /// By rising time; empty when only the bound was requested.
  let plans: [Plan]
  /// Whether these are all plans that no other dominates.
  let isOptimal: Bool
  let allMaxFrequency: IterationOutcome
  /// By plan, where tables are estimated.
  var expectations: [ExpectedPlans.Expectation] = []
  /// Of the tables, where they look noisy or are estimated.
  var noise: ProfileNoise?
  /// What is odd about the tables.
  var diagnostics: [ProfileDiagnostic] = []
  /// What other pipelines save while one is a straggler; empty unless requested.
  var savings: [StragglerSavings] = []

  /// One JSON document: what frontier/curve and frontier/savings answer, and the noise that frontier/characterize
  /// found.
  var json: String {
    var writer = ObjectWriter()
    let summary = CurveSummary(curve, plans, allMaxFrequency, expecting: expectations)
    CurveDocument(curve: summary, noise: noise, diagnostics: diagnostics, savings: savings).writeValue(to: &writer)
    return String(decoding: writer.json.bytes, as: UTF8.self) + "\n"
  }

  private struct CurveDocument: AnswerObject {
    let curve: CurveSummary
    let noise: ProfileNoise?
    let diagnostics: [ProfileDiagnostic]
    let savings: [StragglerSavings]

    static let fields = Fields<CurveDocument> {
      Field.inline { $0.curve }
      Field("noise", "Of the measured tables, where they look noisy or are estimated.") { $0.noise }
      Field("diagnostics", "What is odd about the tables.") { $0.diagnostics.isEmpty ? nil : $0.diagnostics }
      Field("savings", "What others save while one is a straggler.") { $0.savings.isEmpty ? nil : $0.savings }
    }
  }

  /// The bound in words.
  private var bound: String {
    let corners = "lower bound with \(curve.breakpoints.count) corners"
    return curve.isExact
      ? "exact \(corners)" : "\(corners), at most \(Self.percent(curve.bracketFraction, digits: 3)) below the exact one"
  }

  /// A table of at most a dozen plans, evenly chosen, and the comparison.
  func table(title: String, chosen: Int) -> String {
    var rows = [["plan", "time s", "slower", "energy J", "saved", "gap", "power W", "switches"]]
    rows.append(baselineRow.prefix(5) + ["", baselineRow[5], ""])
    for index in Self.shown(of: plans.count, including: chosen) {
      let plan = plans[index]
      rows.append([
        (index == chosen ? "> " : "") + "\(index)", decimal(plan.iterationTimeSeconds, 4),
        slower(plan.iterationTimeSeconds), decimal(plan.energyJoules, 1), saved(plan.energyJoules),
        Self.percent(plan.gapFraction, digits: 3), decimal(plan.energyJoules / plan.iterationTimeSeconds, 1),
        "\(plan.switchCount)",
      ])
    }
    let gaps = plans.map(\.gapFraction).sorted()
    return """
      \(title)
      \(Self.aligned(rows))
      \(plans.count) plans\(isOptimal ? ", all that are optimal" : ""); \(bound); \
      gap median \(Self.percent(gaps[gaps.count / 2], digits: 3)), \
      largest \(Self.percent(gaps[gaps.count - 1], digits: 3))
      \(expectation(chosen))\(savingsTable)
      """
  }

  /// What a plan is expected to give, in words, where tables are estimated.
  private func expectation(_ plan: Int) -> String {
    if expectations.isEmpty { return "" }
    let expected = expectations[plan]
    func interval(_ quantity: ExpectedPlans.Interval, _ digits: Int, _ unit: String) -> String {
      "\(decimal(quantity.mean, digits)) \(unit) (90 %: \(decimal(quantity.low, digits)) to "
        + "\(decimal(quantity.high, digits)))"
    }
    let capped = (noise?.families ?? []).compactMap { family in
      family.plateauClock.map {
        "\(family.instruction) does not change from \(decimal($0, 0)) on"
          + (family.isPowerCapped ? " (a power cap)" : " in time")
      }
    }
    return """
      estimated tables; plan \(plan) is expected to take \(interval(expected.iterationTimeSeconds, 4, "s")) and \
      \(interval(expected.energyJoules, 1, "J")); as measured \
      \(decimal(expected.asMeasured.iterationTimeSeconds, 4)) s and \(decimal(expected.asMeasured.energyJoules, 1)) J
      \(capped.map { $0 + "\n" }.joined())
      """
  }

  private var savingsTable: String {
    if savings.isEmpty { return "" }
    var rows = [["straggler", "done at s", "plan", "all max J", "plan J", "saved", "at most"]]
    for entry in savings {
      rows.append([
        "+" + Self.percent(entry.slowdownFraction, digits: 0), decimal(entry.stragglerTimeSeconds, 4), "\(entry.plan)",
        decimal(entry.allMaxEnergyJoules, 1), decimal(entry.planEnergyJoules, 1), Self.percent(entry.savingFraction),
        Self.percent(entry.boundFraction),
      ])
    }
    return """

      what every other pipeline saves while one is a straggler, waiting for it included:
      \(Self.aligned(rows))

      """
  }

  /// A table of at most a dozen corners, evenly chosen, and the comparison.
  func boundTable(title: String) -> String {
    var rows = [["corner", "time s", "slower", "energy J", "saved", "power W"], baselineRow]
    for index in Self.shown(of: curve.breakpoints.count, including: 0) {
      let corner = curve.breakpoints[index]
      rows.append([
        "\(index)", decimal(corner.iterationTimeSeconds, 4), slower(corner.iterationTimeSeconds),
        decimal(corner.energyJoules, 1), saved(corner.energyJoules),
        decimal(corner.energyJoules / corner.iterationTimeSeconds, 1),
      ])
    }
    return "\(title)\n\(Self.aligned(rows))\n\(bound)\n"
  }

  private var baselineRow: [String] {
    [
      "all max", decimal(allMaxFrequency.iterationTimeSeconds, 4), slower(allMaxFrequency.iterationTimeSeconds),
      decimal(allMaxFrequency.energyJoules, 1), "", decimal(allMaxFrequency.averagePowerWatts, 1),
    ]
  }

  private func slower(_ seconds: Double) -> String { Self.percent(seconds / curve.minimumTimeSeconds - 1) }

  private func saved(_ joules: Double) -> String { Self.percent(1 - joules / allMaxFrequency.energyJoules) }

  private static func shown(of count: Int, including chosen: Int) -> [Int] {
    let steps = min(count - 1, 11)
    let even = steps == 0 ? [0] : (0...steps).map { $0 * (count - 1) / steps }
    return Set(even + [chosen]).sorted()
  }

  static func percent(_ fraction: Double, digits: Int = 2) -> String { decimal(100 * fraction, digits) + " %" }

  static func aligned(_ rows: [[String]]) -> String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}

extension ProfileNoise {
  /// What to tell a person whose plans are made on noisy tables.
  var warning: String {
    "the tables look noisy, \(FrontierReport.percent(timeNoiseFraction, digits: 1)) in time and "
      + "\(FrontierReport.percent(energyNoiseFraction, digits: 1)) in energy"
      + (expectedExcessFraction.map {
        "; plans on them are expected to draw \(FrontierReport.percent($0, digits: 1)) more than needed"
      } ?? "") + "; see --estimate smoothed"
  }
}
