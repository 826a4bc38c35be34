import Basics
import Testing

@Suite struct CSVTableTests {
  private func rows(_ text: String) throws -> [[String]] {
    let table = try CSVTable(text)
    return (0..<table.rowCount).map(table.texts)
  }

  @Test(arguments: [
    ("", []),
    ("a", [["a"]]),
    ("a,b\nc,d", [["a", "b"], ["c", "d"]]),
    ("a,b\r\nc,d\r\n", [["a", "b"], ["c", "d"]]),
    ("a\rb\r", [["a"], ["b"]]),
    ("\u{FEFF}a,b\n", [["a", "b"]]),
    ("\n \n\ta , b\t\n\n", [["a", "b"]]),
    (",\n,,", [["", ""], ["", "", ""]]),
    ("a,", [["a", ""]]),
    ("\"\"\n", [[""]]),
    ("\"a,b\", \"c\nd\" ,\" e \"", [["a,b", "c\nd", " e "]]),
    ("\"say \"\"no\"\"\",\"\"\"\",\"\"\"\"\"\"", [["say \"no\"", "\"", "\"\""]]),
    ("it's 5\" wide", [["it's 5\" wide"]]),
    ("é,日本", [["é", "日本"]]),
  ])
  func readsRows(text: String, expected: [[String]]) throws { #expect(try rows(text) == expected) }

  @Test(arguments: [
    ("a\n\"b", 2, 1, "the end of the text"),
    ("a\n\nb,\"c\nd\"e,f", 4, 2, "\"e,f\""),
  ])
  func refusesWithLineAndField(text: String, line: Int, field: Int, found: String) {
    let error = #expect(throws: CSVTable.SyntaxError.self) { try CSVTable(text) }
    #expect(error?.line == line && error?.field == field && error?.found == found)
  }

  @Test func knowsTheLineOfEachRow() throws {
    let table = try CSVTable("\u{FEFF}head\n\n\"two\nlines\"\r\nafter\rlast")
    #expect((0..<table.rowCount).map(table.line) == [1, 3, 5, 6])
  }

  @Test(
    arguments: [
      ("1410", 1410, 1410), ("-3", -3, -3), ("1e3", nil, 1000), ("0x10", nil, nil), ("inf", nil, nil),
      ("nan", nil, nil),
      ("1e999", nil, nil), ("", nil, nil), ("1 2", nil, nil), ("99999999999999999999", nil, 1e20), (".5", nil, 0.5),
    ] as [(String, Int?, Double?)])
  func readsNumbers(text: String, integer: Int?, number: Double?) throws {
    let table = try CSVTable("x,\(text)")
    #expect(table.integer(row: 0, field: 1) == integer)
    #expect(table.number(row: 0, field: 1) == number)
  }

  /// What is quoted and joined by these rules is read as it was.
  @Test(arguments: 0..<200 as Range<UInt64>) func readsWhatIsWritten(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let alphabet = ["a", ",", "\"", "\n", "\r", " ", "\t", "é", "0"]
    let written = (0..<Int.random(in: 1...6, using: &random)).map { _ in
      (0..<Int.random(in: 1...5, using: &random)).map { _ in
        (0..<Int.random(in: 0...5, using: &random)).map { _ in alphabet.randomElement(using: &random)! }.joined()
      }
    }
    let text = written.map { row in
      row.map { "\"\($0.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\"" }
        .joined(separator: ",")
    }.joined(separator: Bool.random(using: &random) ? "\n" : "\r\n")
    #expect(try rows(text) == written, "seed \(seed)")
  }
}
