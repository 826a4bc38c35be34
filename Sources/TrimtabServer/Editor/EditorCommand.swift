/// What a client may run with `workspace/executeCommand`, on the document that it names.
package enum EditorCommand: String, CaseIterable, Sendable {
  /// Brings the search in line with the manifest: the only thing that changes a session.
  case applyToSearch = "trimtab.applyToSearch"
  /// Writes the suggested models where the manifest chooses.
  case insertSuggestion = "trimtab.insertSuggestion"
  /// Shows the frontier, or answers its text.
  case showFrontier = "trimtab.showFrontier"
  /// Answers the suggestion.
  case suggestion = "trimtab.suggestion"
  /// Answers the ranking.
  case ranking = "trimtab.ranking"
}
