internal import Basics
internal import ManifestText
internal import Sessions

/// What there is to show beside a line of a manifest: the same for lenses and for hints.
struct SessionNote {
  /// Where the line begins that it is about.
  var offset: Int
  var text: String
  /// The command that a click runs, with its title left to `text`; nil for none.
  var command: EditorCommand?
}

/// The session's news, by place.
enum SessionNotes {
  static func list(_ place: EditorPlace) -> [SessionNote] {
    guard let session = place.session else { return [] }
    let tree = place.analysis.tree
    let top = tree.root["pool"].map(Self.start) ?? tree.root.members.first.map(Self.start) ?? 0
    if let failure = session.failure {
      return [SessionNote(offset: top, text: "The search is not shown: \(failure)", command: nil)]
    }
    guard let view = session.view else { return [] }
    var notes: [SessionNote] = []
    if tree.root["pool"] != nil, view.hasSearch {
      notes.append(SessionNote(offset: top, text: suggestion(view), command: .suggestion))
      notes.append(SessionNote(offset: top, text: work(view), command: .ranking))
    }
    if let point = view.point, let objective = tree.root["objective"] {
      notes.append(SessionNote(offset: start(objective), text: self.point(point), command: .showFrontier))
    } else if let refusal = view.refusal, view.pipeline != nil, let objective = tree.root["objective"] {
      notes.append(SessionNote(offset: start(objective), text: refusal, command: nil))
    }
    return notes
  }

  private static func start(_ member: SyntaxTable.Member) -> Int {
    (member.keyRanges.first ?? member.node.range).lower
  }

  static func suggestion(_ view: SessionView) -> String {
    guard let best = view.suggestion else { return "No suggestion yet" }
    var text = "Suggested: \(Words.name(best.candidate))"
    if let score = best.predictedScore { text += ", score \(Words.number(score))" }
    if let probability = best.probabilityBest { text += ", best with \(Words.percent(probability))" }
    let saved = view.gridGPUSeconds - view.gpuSeconds
    if saved > 0, view.gpuSeconds > 0 {
      text += "; \(Words.hours(view.gpuSeconds)) instead of \(Words.number(view.gridGPUSeconds / 3600))"
    }
    return text
  }

  static func work(_ view: SessionView) -> String {
    if view.isFinished { return "Search finished after \(Words.count(view.trialCount, "trial"))" }
    let open = view.trials
    if view.holderCount == 0 {
      let left = open.isEmpty ? "" : "; \(Words.count(open.count, "trial")) left under way"
      return "No program runs this search now\(left)"
    }
    guard !open.isEmpty else { return "Search open, no trial under way" }
    let shown = open.prefix(3).map { "\(Words.name($0.candidate)) at \(Words.percent($0.fraction))" }
    return
      "\(Words.count(open.count, "trial")) under way: \(shown.joined(separator: ", "))\(open.count > 3 ? ", ..." : "")"
  }

  static func point(_ point: SessionView.Point) -> String {
    "\(Words.seconds(point.timeSeconds)) and \(Words.joules(point.energyJoules)) an iteration: "
      + "\(Words.joules(point.savedJoules)) saved (\(Words.percent(point.savingFraction))), "
      + "gap \(Words.percent(point.gapFraction))\(point.isStale ? "; the profile has changed since" : "")"
  }
}
