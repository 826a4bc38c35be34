import Basics
import EnergyFrontier
import JSON
import ManifestText
import Representations
import Sessions

/// Contents of files that a client names.
enum FileTarget {
  static func runProfile(_ bytes: [UInt8]) {
    guard let rows = try? ProfileCSV.parse(String(decoding: bytes, as: UTF8.self)) else { return }
    precondition(!rows.isEmpty, "a table without rows was accepted")
  }

  static func runSchedule(_ bytes: [UInt8]) {
    guard let schedule = try? ScheduleCSV.parse(String(decoding: bytes, as: UTF8.self), keepsCommunication: true)
    else { return }
    let text = ScheduleCSV.text(schedule)
    guard let again = try? ScheduleCSV.parse(text, keepsCommunication: true) else {
      preconditionFailure("a schedule that was read cannot be read again")
    }
    precondition(ScheduleCSV.text(again) == text, "a schedule changes when it is written and read")
  }

  static func runNPY(_ bytes: [UInt8]) {
    guard let header = try? NPYHeader(bytes) else { return }
    precondition(header.byteCount <= bytes.count, "a header beyond its file")
    let byteCount = bytes.count - header.byteCount
    guard (try? Representation.check(byteCount: byteCount, header.elementType, shape: header.shape)) != nil
    else { return }
    let product = header.shape.reduce(header.elementType.byteCount) { $0 &* $1 }
    precondition(product == byteCount, "a shape that its bytes do not fill")
  }

  static func runManifest(_ bytes: [UInt8], _ language: SyntaxTree.Language) {
    let tree = SyntaxTree(bytes, language)
    func check(_ range: SourceRange) {
      let isInside = range.lower >= 0 && range.lower <= range.upper && range.upper <= bytes.count
      precondition(isInside, "a place beyond the text")
    }
    func check(_ node: SyntaxNode) {
      check(node.range)
      switch node.value {
      case .list(let elements): for element in elements { check(element) }
      case .table(let table): for member in table.members { check(member.node) }
      default: break
      }
    }
    precondition(tree.errors.count <= SyntaxTree.errorLimit, "more errors than the limit")
    for error in tree.errors { check(error.range) }
    for comment in tree.comments { check(comment) }
    for member in tree.root.members {
      for range in member.keyRanges { check(range) }
      check(member.node)
    }
    if language == .json, tree.errors.isEmpty {
      precondition((try? JSON.parse(String(decoding: bytes, as: UTF8.self))) != nil, "accepted what is no JSON")
    }
    for offset in [0, bytes.count / 2, bytes.count] {
      check(tree.place(at: offset).range)
      _ = tree.section(at: offset)
      _ = tree.entry(before: offset)
    }
  }
}
