internal import Basics
package import JSON
internal import ManifestText

/// A manifest to be written: values by table and declared name, in the order in which they are given.
package struct ManifestDraft {
  /// A key of a table.
  private struct Entry {
    let name: String
    let value: JSON
    /// Written behind a number sign: an offer rather than a value.
    let isOffer: Bool
  }

  private var entries: [String: [Entry]] = [:]

  package init() {}

  /// Sets a key, in place of an earlier value.
  ///
  /// - Parameters:
  ///   - table: its path, as in `pool.task`; empty for the keys of the manifest itself.
  ///   - name: the key as its request declares it.
  package mutating func set(_ table: String, _ name: String, _ value: JSON) { put(table, name, value, isOffer: false) }

  /// Shows a key with a value that one may want, unless it is set.
  package mutating func offer(_ table: String, _ name: String, _ value: JSON) {
    guard entries[table]?.contains(where: { $0.name == name }) != true else { return }
    put(table, name, value, isOffer: true)
  }

  private mutating func put(_ table: String, _ name: String, _ value: JSON, isOffer: Bool) {
    entries[table, default: []].removeAll { $0.name == name }
    entries[table, default: []].append(Entry(name: name, value: value, isOffer: isOffer))
  }

  /// Whether a table has a key, or a table inside it does.
  package func has(_ table: String) -> Bool { entries.keys.contains { $0 == table || $0.hasPrefix(table + ".") } }

  package func has(_ table: String, _ name: String) -> Bool {
    entries[table]?.contains { $0.name == name && !$0.isOffer } ?? false
  }

  /// The tables in the order in which a manifest has them.
  private var tables: [String] {
    ["", "pool", "pool.task", "search", "pipeline", "profile", "objective", "limits"].filter { entries[$0] != nil }
  }

  /// As TOML, with what each key means.
  package var toml: String {
    var text = """
      # A manifest of Trimtab. `trimtab check` says what is wrong with it; every key is in protocol-spec/manifest.md.
      # Paths begin in this file's folder.

      """
    for table in tables {
      let fields = table.isEmpty ? ManifestSchema.fields : Self.fields(table)
      text += "\n"
      let entries = entries[table] ?? []
      if !table.isEmpty {
        let isOffer = entries.allSatisfy(\.isOffer) && !has(table + ".x")
        text += (isOffer ? "# " : "") + "[\(table)]\n"
      }
      for entry in entries {
        let key = ManifestName.key(of: entry.name)
        let doc = fields.first { $0.name == key }.map { Self.firstSentence($0.doc) } ?? ""
        let line = (entry.isOffer ? "# " : "") + "\(key) = \(TOMLText.value(entry.value))"
        // Beside the value where the line has room.
        if doc.isEmpty || line.count + doc.count > 114 || line.hasBytes(of: "\n") {
          text += (doc.isEmpty ? "" : Self.wrapped(doc)) + line + "\n"
        } else {
          text += line + "  # \(doc)\n"
        }
      }
    }
    return text
  }

  /// As JSON, which has no comments and thus no offers.
  package var json: String {
    var members: [JSONObject.Member] = []
    for table in tables {
      let given = (entries[table] ?? []).filter { !$0.isOffer }.map {
        JSONObject.Member(key: ExactString(ManifestName.key(of: $0.name)), value: $0.value)
      }
      if table.isEmpty {
        members += given
      } else if table == "pool.task" {
        let task = JSONObject.Member(key: "task", value: .object(JSONObject(members: given)))
        if let index = members.firstIndex(where: { $0.key == "pool" }), let pool = members[index].value.objectValue {
          members[index].value = .object(JSONObject(members: Array(pool) + [task]))
        } else if !given.isEmpty {
          members.append(.init(key: "pool", value: .object(JSONObject(members: [task]))))
        }
      } else if !given.isEmpty {
        members.append(.init(key: ExactString(table), value: .object(JSONObject(members: given))))
      }
    }
    return Self.indented(.object(JSONObject(members: members)), depth: 0) + "\n"
  }

  /// Objects over several lines, down to the tables of tables.
  private static func indented(_ json: JSON, depth: Int) -> String {
    guard case .object(let object) = json, object.count > 0, depth < 3 else { return json.text }
    let margin = String(repeating: "  ", count: depth + 1)
    let lines = object.map { "\(margin)\(JSON.string($0.key).text): \(indented($0.value, depth: depth + 1))" }
    return "{\n\(lines.joined(separator: ",\n"))\n\(margin.dropLast(2))}"
  }

  private static func fields(_ table: String) -> [FieldSchema] {
    ManifestSchema.fields(of: table.split(separator: ".").map { .key(ExactString(String($0))) })
  }

  private static func firstSentence(_ doc: String) -> String {
    doc[...].firstRange(ofBytes: ". ").map { String(doc[..<$0.lowerBound]) + "." } ?? doc
  }

  private static func wrapped(_ doc: String) -> String {
    var lines = ["#"]
    for word in doc.split(separator: " ") {
      if lines[lines.count - 1].count + 1 + word.count > 116 { lines.append("#") }
      lines[lines.count - 1] += " \(word)"
    }
    return lines.map { $0 + "\n" }.joined()
  }
}
