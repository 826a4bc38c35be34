internal import Basics
internal import JSON
internal import Sessions

/// The keys of a manifest that are of no request: the session's, and what only the Python launcher uses.
struct ManifestFields: ObjectReadable {
  let name: String
  let state: String?
  let seed: Int?
  let command: LaunchedCommand?
  let model: CandidateName?

  /// The launcher calls its session so, and existing state directories have it.
  static let defaultName = "search"

  init(from reader: inout ObjectReader) throws(InvalidField) {
    name = try reader.optional(
      "name", .text(), default: Self.defaultName, "The session's name in the state directory; `search` by default.")
    state = try reader.optional(
      "state", .text(1...4096),
      """
      The folder that keeps the search, from the manifest's folder: sessions in `sessions`, and in `trials` the \
      checkpoints and logs of each trial.
      """
    )
    seed = try reader.optional(
      "seed", .integer(in: 0...Int.max), "The seed of all randomness in the session, so that answers can be repeated.")
    command = try reader.optional(
      "command", LaunchedCommand.shape,
      """
      What the launcher runs for each trial: a line as a shell splits it, or a list of words. `{encoder}`, \
      `{language_model}`, `{projector}` and `{trial}` are filled in.
      """
    )
    let fault = command?.fault
    try reader.check(fault == nil, "command", expected: fault?.expected ?? "", fix: fault?.fix)
    let model: ManifestChoice? = try reader.optional(
      "model", .object(),
      "The candidate that was chosen; an editor writes the suggested one here. The launcher does not use it.")
    self.model = model?.name
    _ = try reader.optional(
      "steps", .integer(in: 1...(1 << 53)),
      "Steps of a training on all data, where the script does not say it (`trimtab.trial(steps=...)`).")
    _ = try reader.optional(
      "table", .bool, "Whether the launcher shows a live table; by default where standard error is a terminal.")
    _ = try reader.optional(
      "checkpoints", .choice(KeptCheckpoints.self),
      """
      Which checkpoints in `state` the launcher keeps: `all`, or those that are `needed` to resume a candidate or are a \
      trained one; `all` by default.
      """
    )
    _ = try reader.optional("limits", .object(ManifestLimits.self), "How long the launcher waits.")
    _ = try reader.optional(
      "environment", Self.environment, "Environment variables of the trials, beside the launcher's.")
  }

  /// A table of strings under names of the user's choice.
  private static var environment: Shape<Int> {
    Shape(type: .any, expectation: "a table of strings", placeholder: 0) { (json) throws(InvalidField) in
      guard case .object(let object) = json else { return nil }
      for member in object {
        let (name, value) = (member.key.text, member.value.stringValue)
        func fail(_ expected: String, _ found: String) -> InvalidField {
          InvalidField(path: [.key(name)], expected: expected, found: found)
        }
        guard let value else { throw fail("a string", member.value.preview()) }
        if value.text.utf8.contains(0) { throw fail("a string without NUL", member.value.preview()) }
        if name.isEmpty || name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "=") }) {
          throw fail("a name without = and NUL", Preview.quoted(name))
        }
      }
      return object.count
    }
  }
}

/// Which checkpoints the launcher keeps.
enum KeptCheckpoints: String, CaseIterable, Sendable { case all, needed }

/// A candidate by its models.
struct ManifestChoice: ObjectReadable {
  let name: CandidateName

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let encoder = try reader.required("encoder", .text(), "Its encoder.")
    let projector: String? = try reader.optional("projector", .text(), "Its projector, where the pool names any.")
    let languageModel = try reader.required("languageModel", .text(), "Its language model.")
    name = CandidateName(encoder: encoder, projector: projector, languageModel: languageModel)
  }
}

/// How long the launcher waits.
struct ManifestLimits: ObjectReadable {
  init(from reader: inout ObjectReader) throws(InvalidField) {
    _ = try reader.optional(
      "trial", .positive, "The longest that a trial may run, in seconds; without limit by default.")
    _ = try reader.optional(
      "report", .positive,
      "The longest between two reports, in seconds, after which a trial counts as lost; without limit by default.")
    _ = try reader.optional(
      "grace", .nonNegative, "What a trial has to save and end after a decision, in seconds, before it is killed; 60.")
    _ = try reader.optional(
      "lease", .positive,
      "A trial without a report for so long, in session time, is lost: for launchers that share a state directory.")
  }
}
