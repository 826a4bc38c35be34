internal import Files
internal import Transcripts

/// The recorded conversations under fixtures/transcripts.
enum TranscriptFiles {
  static let folder = "fixtures/transcripts"

  static func load() -> [(name: String, transcript: Transcript)] {
    FileSystem.names(in: folder).filter { $0.hasSuffix(".transcript") }.map { name in
      guard let transcript = readFile("\(folder)/\(name)").flatMap(Transcript.init) else {
        fatalError("\(folder)/\(name): expected lines that begin with #, --> or <--")
      }
      return (String(name.dropLast(".transcript".count)), transcript)
    }
  }

  static func files(_ transcripts: [(name: String, transcript: Transcript)]) -> [(path: String, text: String)] {
    transcripts.map { ("\(folder)/\($0.name).transcript", $0.transcript.text) }
  }
}

/// A file's text; nil where it cannot be read.
func readFile(_ path: String) -> String? { try? OpenFile(path).text(atMost: 1 << 30) }

/// Writes a file and the folders that it needs; a failure ends the tool.
func writeFile(_ path: String, _ text: String) {
  do throws(FileError) {
    FileSystem.makeFolders(for: path)
    try FileSystem.write(text, to: path)
  } catch {
    fatalError("\(path): expected a writable file, found: \(error.found)")
  }
}
