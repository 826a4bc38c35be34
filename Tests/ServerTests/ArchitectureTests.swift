import TestSupport
import Testing
import TrimtabServer

/// The invariants of ARCHITECTURE.md that can be read off the sources.
@Suite struct ArchitectureTests {
  /// What each target may import.
  static let allowed: [String: Set<String>] = [
    "Basics": ["Synchronization"],
    "CLibrary": ["Darwin", "Glibc", "Musl"],
    "EnergyFrontier": ["Basics"],
    "Files": ["Basics", "CLibrary"],
    "JSON": ["Basics", "CLibrary"],
    "Journal": ["Basics", "CLibrary", "FileIdentity", "Files", "Synchronization"],
    "JSONRPC": ["Basics", "CLibrary", "JSON", "Synchronization"],
    "ManifestText": ["Basics"],
    "ModelSelection": ["Basics"],
    "Representations": ["Basics", "SimilarityKernels"],
    "Sessions": [
      "Basics", "CLibrary", "EnergyFrontier", "Files", "JSON", "ModelSelection", "Representations", "Synchronization",
    ],
    "TrimtabServer": [
      "Basics", "CLibrary", "EnergyFrontier", "Files", "JSON", "JSONRPC", "Journal", "ManifestText", "ModelSelection",
      "Representations", "Sessions", "Synchronization",
    ],
    "MCP": ["Basics", "CLibrary", "JSON", "JSONRPC", "TrimtabServer"],
    "Transcripts": ["Basics", "CLibrary", "JSON", "JSONRPC", "Journal", "Sessions", "TrimtabServer"],
    "TrimtabClient": [
      "Basics", "CLibrary", "Dispatch", "Foundation", "FoundationEssentials", "JSON", "JSONRPC", "Synchronization",
      "TrimtabServer",
    ],
    "protocol-tool": ["Basics", "CLibrary", "Files", "JSON", "Sessions", "Transcripts", "TrimtabServer"],
    "trimtab": [
      "Basics", "CLibrary", "EnergyFrontier", "Files", "JSON", "JSONRPC", "Journal", "MCP", "ManifestText",
      "ModelSelection", "Representations", "Sessions", "Synchronization", "Transcripts", "TrimtabServer",
    ],
  ]

  private static let modifiers: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]

  @Test(arguments: allowed.keys.sorted()) func importsOnlyWhatItMay(_ target: String) throws {
    let paths = RepositoryFiles.paths(below: "Sources/\(target)", ending: ".swift")
    #expect(!paths.isEmpty)
    for path in paths {
      for line in try RepositoryFiles.text(path).split(separator: "\n") {
        let words = line.split(separator: " ")
        guard let keyword = words.firstIndex(of: "import"),
          words[..<keyword].allSatisfy({ $0.hasPrefix("@") || Self.modifiers.contains($0) })
        else { continue }
        // An import of a single declaration or with more behind it is none that this reads.
        #expect(words.count == keyword + 2, "\(path): \(line)")
        #expect(Self.allowed[target]!.contains(String(words[keyword + 1])), "\(path): \(line)")
      }
    }
  }

  @Test func everyTargetHasItsRow() throws {
    let targets = Set(
      RepositoryFiles.paths(below: "Sources", ending: ".swift").compactMap {
        $0.split(separator: "/").dropFirst().first
      })
    #expect(targets == Set(Self.allowed.keys.map { Substring($0) }))
  }

  /// The comparison of representations gets its cores and its files from its caller.
  @Test func theComparisonTouchesNoSystem() throws {
    for path in RepositoryFiles.paths(below: "Sources/Representations", ending: ".swift") {
      for line in try RepositoryFiles.text(path).split(separator: "\n") where line.contains("import ") {
        #expect(
          ["public import Basics", "internal import Basics", "internal import SimilarityKernels"].contains(line),
          "\(path): \(line)")
      }
    }
    for ending in [".c", ".h"] {
      let paths = RepositoryFiles.paths(below: "Sources/SimilarityKernels", ending: ending)
      #expect(!paths.isEmpty)
      for path in paths {
        for line in try RepositoryFiles.text(path).split(separator: "\n") where line.hasPrefix("#include <") {
          #expect(["<stdbool.h>", "<stdint.h>", "<string.h>"].contains(line.dropFirst("#include ".count)), "\(path)")
        }
      }
    }
  }

  /// The program's name, and the area of every method and notification that has one.
  static let productWords: Set<String> = {
    let names = Catalogue.routes.map(\.name) + Catalogue.notifications.map(\.name)
    let areas = names.filter { !$0.hasPrefix("$/") && !$0.hasPrefix("window/") }.compactMap { name in
      name.firstIndex(of: "/").map { name[...$0].lowercased() }
    }
    return Set(areas + ["trimtab", "frontier"])
  }()

  @Test func theTransportKnowsNoProduct() throws {
    for path in RepositoryFiles.paths(below: "Sources/JSONRPC", ending: ".swift") {
      let text = try RepositoryFiles.text(path).lowercased()
      for word in Self.productWords {
        #expect(!text.contains(word), "\(path) names \(word)")
      }
    }
  }

  @Test func everyMethodIsFoundByItsName() throws {
    for path in RepositoryFiles.paths(below: "Sources/TrimtabServer/Methods", ending: ".swift") {
      let file = try #require(path.split(separator: "/").last).dropLast(".swift".count)
      for line in try RepositoryFiles.text(path).split(separator: "\n") where line.contains("static let name = \"") {
        let name = line.split(separator: "\"")[1].filter { $0.isLetter }.lowercased()
        #expect(file.lowercased() == name, "\(path) declares \(line)")
      }
    }
  }

  /// The formatter wraps code, but neither comments nor string literals.
  @Test func noCommentIsTooWide() throws {
    for folder in ["Sources", "Tests"] {
      for path in [".swift", ".c", ".h"].flatMap({ RepositoryFiles.paths(below: folder, ending: $0) }) {
        let lines = try RepositoryFiles.text(path).split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where line.drop(while: { $0 == " " }).hasPrefix("//") {
          #expect(line.count <= 120, "\(path):\(index + 1) has \(line.count) columns")
        }
      }
    }
  }

  /// What a tool writes is looked up, not read.
  @Test func noFileIsTooLongToRead() throws {
    for path in [".swift", ".c", ".h"].flatMap({ RepositoryFiles.paths(below: "Sources", ending: $0) }) {
      let text = try RepositoryFiles.text(path)
      let count = text.split(separator: "\n", omittingEmptySubsequences: false).count
      #expect(count <= 400 || text.hasPrefix("// Generated by protocol-tool"), "\(path) has \(count) lines")
    }
  }
}
