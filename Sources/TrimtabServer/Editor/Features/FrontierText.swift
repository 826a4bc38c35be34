internal import Basics
internal import JSON
internal import Sessions

/// A frontier as text: a picture of characters and a table of its plans.
enum FrontierText {
  private static let (width, height) = (64, 18)
  private static let shownPlans = 24

  static func text(of json: JSON, _ query: SessionViewQuery) -> Result<String, RequestError> {
    let plans = json["curve"]?["plans"]?.arrayValue?.compactMap(Plan.init) ?? []
    guard !plans.isEmpty, let pipeline = json["pipeline"]?.stringValue?.text else {
      return .failure(
        RequestError(
          .notCharacterized, path: "uri", expected: "a pipeline of session \(query.session) with a frontier",
          found: "none", fix: "wait for the launcher: \(ManifestWords.howToCompute)"))
    }
    let view = SessionView(json)
    let chosen = view?.point.flatMap { point in
      plans.firstIndex { $0.timeSeconds == point.timeSeconds && $0.energyJoules == point.energyJoules }
    }
    var parts = ["Frontier of pipeline \(pipeline) in session \(query.session)\n"]
    parts.append(picture(plans, chosen))
    if let point = view?.point { parts.append("\nObjective: \(SessionNotes.point(point))\n") }
    parts.append(table(plans, chosen))
    return .success(parts.joined(separator: "\n"))
  }

  private struct Plan {
    let timeSeconds: Double
    let energyJoules: Double
    let gapFraction: Double
    let powerWatts: Double

    init?(_ json: JSON) {
      guard let time = json["iterationTimeSeconds"]?.doubleValue, let energy = json["energyJoules"]?.doubleValue,
        let gap = json["gapFraction"]?.doubleValue, let power = json["averagePowerWatts"]?.doubleValue
      else { return nil }
      (timeSeconds, energyJoules, gapFraction, powerWatts) = (time, energy, gap, power)
    }
  }

  /// Energy upwards, time to the right; `*` are plans, `O` is that of the objective.
  private static func picture(_ plans: [Plan], _ chosen: Int?) -> String {
    let (times, energies) = (plans.map(\.timeSeconds), plans.map(\.energyJoules))
    guard let fastest = times.min(), let slowest = times.max(), let least = energies.min(), let most = energies.max()
    else { return "" }
    var rows = Array(repeating: Array(repeating: Character(" "), count: width), count: height)
    func place(_ plan: Plan, _ mark: Character) {
      let across = slowest > fastest ? (plan.timeSeconds - fastest) / (slowest - fastest) : 0
      let up = most > least ? (plan.energyJoules - least) / (most - least) : 0
      rows[height - 1 - Int((up * Double(height - 1)).rounded())][Int((across * Double(width - 1)).rounded())] = mark
    }
    for plan in plans { place(plan, "*") }
    if let chosen { place(plans[chosen], "O") }
    let (top, bottom) = (Words.joules(most), Words.joules(least))
    let margin = max(top.count, bottom.count)
    let lines = rows.enumerated().map { index, row in
      let label = index == 0 ? top : index == height - 1 ? bottom : ""
      return String(repeating: " ", count: margin - label.count) + label + " |"
        + String(row.reversed().drop { $0 == " " }.reversed())
    }
    let blank = String(repeating: " ", count: margin + 1)
    let (first, last) = (Words.seconds(fastest), Words.seconds(slowest))
    let gap = String(repeating: " ", count: max(1, width - first.count - last.count))
    return (lines + [blank + "+" + String(repeating: "-", count: width), blank + " " + first + gap + last]).joined(
      separator: "\n")
  }

  private static func table(_ plans: [Plan], _ chosen: Int?) -> String {
    let step = max(1, (plans.count + shownPlans - 1) / shownPlans)
    let shown = plans.indices.filter { $0 % step == 0 || $0 == plans.count - 1 || $0 == chosen }
    let rows =
      [["plan", "time", "energy", "power", "gap"]]
      + shown.map { index -> [String] in
        let plan = plans[index]
        return [
          (index == chosen ? "O " : "") + "\(index)", Words.seconds(plan.timeSeconds), Words.joules(plan.energyJoules),
          "\(Words.number(plan.powerWatts)) W", Words.percent(plan.gapFraction),
        ]
      }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }.joined(separator: "  ")
    }.joined(separator: "\n") + "\n"
  }
}
