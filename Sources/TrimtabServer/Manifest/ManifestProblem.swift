internal import Basics
package import ManifestText

/// Something in a manifest that is wrong, or that its author may not mean.
package struct ManifestProblem: Hashable, Sendable {
  package enum Severity: String, Hashable, Sendable, CaseIterable {
    /// The manifest cannot be used as it is.
    case error
    case warning
  }

  package enum Code: String, Hashable, Sendable, CaseIterable {
    case syntax, unknownKey, keyInCamelCase, missingKey, invalidValue
    /// Rules and names that do not fit the pool.
    case invalidPool, unknownName, budgetBelowOneTrial
    case invalidPipeline, unreadableFile, invalidProfile, incompleteProfile, implausibleProfile
    case deadlineBelowFastest, switchLatencyUnset

    /// For documents.
    package var meaning: String {
      switch self {
      case .syntax: "The text is no TOML or JSON there."
      case .unknownKey: "No such key is known in this table."
      case .keyInCamelCase: "A key is written as on the wire; a manifest's keys are in snake case."
      case .missingKey: "A key that the table needs is missing."
      case .invalidValue: "The value is not one that its key may have."
      case .invalidPool: "Models, task and rules make no pool, for instance because the rules exclude every candidate."
      case .unknownName:
        "A rule names a model, licence or tag that no part of the pool has, or `model` is no candidate of the pool."
      case .budgetBelowOneTrial: "The budget ends the search before its first trial."
      case .invalidPipeline: "The pipeline cannot be built."
      case .unreadableFile: "A file cannot be read."
      case .invalidProfile: "The profile's measurements cannot be used."
      case .incompleteProfile: "The profile lacks measurements that the pipeline needs."
      case .implausibleProfile: "A measurement is odd or cannot be right."
      case .deadlineBelowFastest: "No plan is as fast as the deadline."
      case .switchLatencyUnset: "Changing clocks counts as no time, since the pipeline does not say what it takes."
      }
    }
  }

  /// A change of the text that mends a problem.
  package struct Fix: Hashable, Sendable {
    package var title: String
    package var edits: [Edit]
  }

  package struct Edit: Hashable, Sendable {
    package var range: SourceRange
    package var text: String
  }

  package var range: SourceRange
  package var severity: Severity
  package var code: Code
  package var message: String
  package var remedy: String?
  package var fix: Fix?

  package init(
    range: SourceRange, severity: Severity = .error, code: Code, message: String, remedy: String? = nil,
    fix: Fix? = nil
  ) {
    (self.range, self.severity, self.code) = (range, severity, code)
    (self.message, self.remedy, self.fix) = (message, remedy, fix)
  }
}
