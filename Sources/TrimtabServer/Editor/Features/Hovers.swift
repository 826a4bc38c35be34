internal import Basics
internal import JSON
internal import ManifestText
internal import Sessions

/// What there is to know of a place in a manifest.
enum Hovers {
  static func hover(at position: TextPosition, _ place: EditorPlace) -> Hover? {
    let offset = place.text.offset(of: position, in: place.encoding)
    let found = place.analysis.tree.place(at: offset)
    guard let (text, range) = text(found, at: offset, place) else { return nil }
    return Hover(contents: place.markup(text), range: place.text.range(of: range, in: place.encoding))
  }

  private static func text(
    _ found: SyntaxPlace, at offset: Int, _ place: EditorPlace
  ) -> (String, SourceRange)? {
    switch found.role {
    case .blank, .comment: return nil
    case .value:
      if let model = place.analysis.models.occurrence(at: offset) {
        return (self.model(model.id, place), model.range)
      }
    case .key, .header: break
    }
    guard let field = ManifestSchema.field(at: found.path) else { return nil }
    var parts = [self.field(field)]
    if found.path.first == .key("objective"), let view = place.session?.view {
      if let point = view.point { parts.append(self.point(point)) }
      if let refusal = view.refusal { parts.append(refusal) }
    }
    if found.path == [.key("pool")], let view = place.session?.view, view.hasSearch {
      parts.append("\(SessionNotes.suggestion(view)).\n\n\(SessionNotes.work(view)).")
    }
    return (parts.joined(separator: "\n\n"), found.range)
  }

  /// A key as it is declared.
  private static func field(_ field: FieldSchema) -> String {
    var text = "**\(field.name)**: \(field.expectation)"
    if let unit = field.unit, unit != "1" { text += ", in \(unit)" }
    return text + "\(field.isRequired ? " (required)" : "")\n\n\(field.doc)"
  }

  /// A model with where its candidates stand in the search.
  private static func model(_ model: String, _ place: EditorPlace) -> String {
    guard let view = place.session?.view, view.hasSearch else {
      return "**\(model)**\n\nNo search has it yet."
    }
    let candidates = view.candidates(with: model)
    guard let best = candidates.first else {
      return "**\(model)**\n\nThe search does not have it: apply the manifest to the search, or restart the search."
    }
    var lines = ["**\(Words.name(best.candidate))**: \(status(best, view))"]
    if let score = best.lastScore, let fraction = best.lastFraction {
      lines.append("Score so far: \(Words.number(score)) on \(Words.percent(fraction)) of the data.")
    }
    if let predicted = best.predictedScore {
      let interval =
        best.interval.count == 2
        ? " (90 % within \(Words.number(best.interval[0])) and \(Words.number(best.interval[1])))" : ""
      lines.append("Predicted on all data: \(Words.number(predicted))\(interval).")
    }
    if let probability = best.probabilityBest {
      lines.append("Best of all with probability \(Words.percent(probability)).")
    }
    if let cluster = best.cluster { lines.append("Cluster \(cluster + 1).") }
    let others = candidates.dropFirst()
    if !others.isEmpty {
      let shown = others.prefix(5).map { "\(Words.name($0.candidate)) (\(status($0, view)))" }
      lines.append("Also: \(shown.joined(separator: ", "))\(others.count > 5 ? ", and \(others.count - 5) more" : "").")
    }
    return lines.joined(separator: "\n\n")
  }

  private static func status(_ ranked: SessionView.Ranked, _ view: SessionView) -> String {
    let closure = ranked.closure.map { ", \($0)" } ?? ""
    return "\(ranked.status)\(closure), rank \(ranked.rank) of \(view.ranking.count)"
  }

  private static func point(_ point: SessionView.Point) -> String {
    """
    | | |
    | --- | --- |
    | time | \(Words.seconds(point.timeSeconds)) an iteration, \(Words.percent(point.slowdownFraction)) slower than at \
    the highest clocks |
    | energy | \(Words.joules(point.energyJoules)) an iteration |
    | saved | \(Words.joules(point.savedJoules)), \(Words.percent(point.savingFraction)) |
    | gap | at most \(Words.percent(point.gapFraction)) above what any plan can reach |
    """
  }
}
