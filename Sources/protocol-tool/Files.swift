internal import CLibrary
internal import Transcripts

/// Small text files, named relative to the repository's root; a failure ends the tool.
enum Files {
  /// The file's text; nil when there is none.
  static func read(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk[..<count]
    }
  }

  static func write(_ path: String, _ text: String) {
    var folder = ""
    for part in path.split(separator: "/").dropLast() {
      folder += part + "/"
      mkdir(folder, 0o777)
    }
    guard let file = fopen(path, "w"), fputs(text, file) >= 0, fclose(file) == 0 else {
      fatalError("\(path): expected a writable file, found: \(String(cString: strerror(errno)))")
    }
  }

  static func standardError(_ text: String) {
    var text = text
    text.withUTF8 { writeToStandardError($0) }
  }

  /// Names in a folder, sorted.
  static func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}

/// Calls the C function, whose name the method above hides.
private func writeToStandardError(_ bytes: UnsafeBufferPointer<UInt8>) {
  _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count)
}

/// The recorded conversations under fixtures/transcripts.
enum TranscriptFiles {
  static let folder = "fixtures/transcripts"

  static func load() -> [(name: String, transcript: Transcript)] {
    Files.names(in: folder).filter { $0.hasSuffix(".transcript") }.map { name in
      guard let transcript = Files.read("\(folder)/\(name)").flatMap(Transcript.init) else {
        fatalError("\(folder)/\(name): expected lines that begin with #, --> or <--")
      }
      return (String(name.dropLast(".transcript".count)), transcript)
    }
  }

  static func files(_ transcripts: [(name: String, transcript: Transcript)]) -> [(path: String, text: String)] {
    transcripts.map { ("\(folder)/\($0.name).transcript", $0.transcript.text) }
  }
}
