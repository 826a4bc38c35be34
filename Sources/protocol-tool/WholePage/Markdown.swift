/// Turns the part of Markdown that protocol-spec/ uses into HTML: headings, paragraphs, lists, tables, fenced code,
/// inline code, bold text and links.
struct Markdown {
  /// Put before the names of anchors, so that the same heading may stand on several pages.
  let page: String
  /// Where a link to another file of the specification leads.
  let link: (String) -> String

  func html(_ text: String) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    var parts: [String] = []
    while let line = lines.first {
      if line.isEmpty || line.hasPrefix("<!--") {
        lines.removeFirst()
      } else if line.hasPrefix("```") {
        lines.removeFirst()
        let code = lines.prefix { !$0.hasPrefix("```") }
        lines = lines.dropFirst(code.count + 1)
        parts.append("<pre>\(Self.escaped(code.joined(separator: "\n")))</pre>")
      } else if line.hasPrefix("#") {
        lines.removeFirst()
        parts.append(heading(line))
      } else if line.hasPrefix("|") {
        let rows = lines.prefix { $0.hasPrefix("|") }
        lines = lines.dropFirst(rows.count)
        parts.append(table(rows.map(cells)))
      } else if let marker = Self.marker(line) {
        let block = lines.prefix { !$0.isEmpty && !$0.hasPrefix("#") }
        lines = lines.dropFirst(block.count)
        parts.append(list(block, isNumbered: marker != "- "))
      } else {
        let block = lines.prefix {
          !$0.isEmpty && !$0.hasPrefix("#") && !$0.hasPrefix("|") && !$0.hasPrefix("```") && Self.marker($0) == nil
        }
        lines = lines.dropFirst(block.count)
        parts.append("<p>\(inline(block.joined(separator: " ")))</p>")
      }
    }
    return parts.joined(separator: "\n")
  }

  /// What a line of a list begins with.
  private static func marker(_ line: Substring) -> String? {
    if line.hasPrefix("- ") { return "- " }
    let digits = line.prefix(while: \.isWholeNumber)
    return !digits.isEmpty && line.dropFirst(digits.count).hasPrefix(". ") ? "\(digits). " : nil
  }

  private func heading(_ line: Substring) -> String {
    let level = line.prefix { $0 == "#" }.count
    let title = line.dropFirst(level + 1)
    // The page's own title has the page's anchor.
    let id = level == 1 ? page : "\(page)-\(Self.anchor(String(title)))"
    return "<h\(level) id=\"\(id)\">\(inline(String(title)))</h\(level)>"
  }

  static func anchor(_ title: String) -> String {
    String(title.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" })
  }

  /// The cells of a row; a vertical bar in code does not end a cell.
  private func cells(_ row: Substring) -> [String] {
    var cells = [""]
    var isCode = false
    for letter in row.dropFirst() {
      if letter == "`" { isCode.toggle() }
      if letter == "|", !isCode { cells.append("") } else { cells[cells.count - 1].append(letter) }
    }
    return cells.dropLast().map { String($0.drop { $0 == " " }) }
  }

  private func table(_ rows: [[String]]) -> String {
    func row(_ cells: [String], _ tag: String) -> String {
      "<tr>" + cells.map { "<\(tag)>\(inline($0))</\(tag)>" }.joined() + "</tr>"
    }
    let body = rows.dropFirst(2).map { row($0, "td") }.joined(separator: "\n")
    return "<table><thead>\(row(rows[0], "th"))</thead><tbody>\n\(body)\n</tbody></table>"
  }

  private func list(_ lines: ArraySlice<Substring>, isNumbered: Bool) -> String {
    var items: [String] = []
    for line in lines {
      if let marker = Self.marker(line) {
        items.append(String(line.dropFirst(marker.count)))
      } else if !items.isEmpty {
        items[items.count - 1] += " " + line.drop { $0 == " " }
      }
    }
    let tag = isNumbered ? "ol" : "ul"
    return "<\(tag)>" + items.map { "<li>\(inline($0))</li>" }.joined(separator: "\n") + "</\(tag)>"
  }

  /// Code, bold text and links in a line.
  private func inline(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let letter = rest.first {
      if letter == "`", let end = rest.dropFirst().firstIndex(of: "`") {
        result += "<code>\(Self.escaped(String(rest[rest.index(after: rest.startIndex)..<end])))</code>"
        rest = rest[rest.index(after: end)...]
      } else if letter == "[", let (label, target, after) = Self.link(in: rest) {
        result += "<a href=\"\(Self.escaped(link(target)))\">\(inline(label))</a>"
        rest = after
      } else if rest.hasPrefix("**"), let end = rest.dropFirst(2).firstRange(of: "**") {
        result += "<b>\(inline(String(rest.dropFirst(2)[..<end.lowerBound])))</b>"
        rest = rest[end.upperBound...]
      } else {
        result += Self.escaped(String(letter))
        rest.removeFirst()
      }
    }
    return result
  }

  private static func link(in text: Substring) -> (label: String, target: String, after: Substring)? {
    guard let middle = text.firstRange(of: "]("), let end = text[middle.upperBound...].firstIndex(of: ")") else {
      return nil
    }
    let label = text[text.index(after: text.startIndex)..<middle.lowerBound]
    guard !label.contains("[") else { return nil }
    return (String(label), String(text[middle.upperBound..<end]), text[text.index(after: end)...])
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for letter in text {
      switch letter {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(letter)
      }
    }
    return result
  }
}
