internal import Files
internal import Transcripts

/// The recorded conversations: those below fixtures/transcripts, which replay in this process, and those below
/// fixtures/conversations, which need processes of their own and are replayed by the process tests.
struct TranscriptFiles {
  typealias Entry = (path: String, transcript: Transcript)

  /// As they were recorded.
  let transcripts: [Entry]
  /// What each client of each conversation sent and received.
  let conversations: [Entry]

  static func load() -> TranscriptFiles {
    let transcripts = read("fixtures/transcripts").map { path, text -> Entry in
      guard let transcript = Transcript(text) else {
        fatalError("\(path): expected lines that begin with #, --> or <--")
      }
      return (path, transcript)
    }
    let conversations = read("fixtures/conversations").flatMap { path, text -> [Entry] in
      guard let capture = try? Capture(text) else {
        fatalError("\(path): expected lines that begin with #, %, an arrow, or a name and an arrow")
      }
      return capture.clients.map { (path, Transcript(of: capture, client: $0)) }
    }
    return TranscriptFiles(transcripts: transcripts, conversations: conversations)
  }

  private static func read(_ folder: String) -> [(path: String, text: String)] {
    FileSystem.names(in: folder).filter { $0.hasSuffix(".transcript") }.map { name in
      guard let text = readFile("\(folder)/\(name)") else { fatalError("\(folder)/\(name): expected a readable file") }
      return ("\(folder)/\(name)", text)
    }
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
