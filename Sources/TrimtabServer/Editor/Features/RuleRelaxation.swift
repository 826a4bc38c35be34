internal import Basics
internal import JSON
internal import ManifestText
internal import Sessions

/// What lets candidates back in where a manifest's rules exclude every one.
enum RuleRelaxation {
  /// The rules of which leaving out any one leaves candidates, each with the change that takes it out.
  static func fixes(of problem: ManifestProblem, _ analysis: ManifestAnalysis) -> [ManifestProblem.Fix] {
    guard problem.code == .invalidPool, let pool = analysis.manifest.pool,
      let rules = pool.json["constraints"]?.objectValue
    else { return [] }
    let path: SyntaxPath = [.key("pool"), .key("constraints")]
    return rules.compactMap { rule in
      let others = JSONObject(members: rules.filter { $0.key != rule.key })
      guard leavesCandidates(pool.json, rules: others) else { return nil }
      let key = ManifestName.key(of: rule.key.text)
      guard let range = removal(of: ExactString(key), from: path, analysis.tree) else { return nil }
      return ManifestProblem.Fix(title: "Remove \(key)", edits: [ManifestProblem.Edit(range: range, text: "")])
    }
  }

  /// Whether the pool, with other rules, is one: found out by submitting it to a session that is thrown away.
  private static func leavesCandidates(_ pool: JSONObject, rules: JSONObject) -> Bool {
    let members = pool.filter { $0.key != "constraints" } + [.init(key: "constraints", value: .object(rules))]
    guard let params = try? PoolSubmit.Params(reading: .object(JSONObject(members: members))) else { return false }
    var session = SessionState(name: "", seed: 0)
    return (try? PoolSubmit.apply(params, to: &session)) != nil
  }

  /// What to delete so that a table has a key no more; nil where several places write it.
  static func removal(of key: ExactString, from path: SyntaxPath, _ tree: SyntaxTree) -> SourceRange? {
    guard let table = tree.table(at: path), let index = table.members.firstIndex(where: { $0.key == key }) else {
      return nil
    }
    let member = table.members[index]
    guard member.keyRanges.count == 1 else { return nil }
    if let entry = tree.entries.first(where: { $0.kind == .pair && $0.path == path + [.key(key)] }) {
      return entry.range
    }
    // Between commas: with the one behind it, or for the last with the one before.
    if index + 1 < table.members.count {
      return SourceRange(member.extent.lower, table.members[index + 1].extent.lower)
    }
    if index > 0 { return SourceRange(table.members[index - 1].extent.upper, member.extent.upper) }
    return member.extent
  }
}
