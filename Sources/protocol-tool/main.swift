// `protocol-tool write` generates protocol-spec/ and the transcripts' answers from the code; `protocol-tool check`
// fails where a file differs from what would be written. `protocol-tool release` keeps the present protocol as that of
// its version, for later ones to be compared with. Run it in the repository's root.

internal import CLibrary

func fail(_ message: String) {
  var text = "protocol-tool: \(message)\n"
  text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

let arguments = CommandLine.arguments.dropFirst()
guard let mode = arguments.first, arguments.count == 1, ["write", "check", "release"].contains(mode) else {
  fail("expected write, check or release; run it in the repository's root")
  exit(64)
}

if mode == "release" {
  let release = Release.present()
  let path = "\(History.folder)/\(release.version.text).txt"
  guard readFile(path) == nil else {
    fail("\(path) is there; a release is never changed, so raise Version.protocol")
    exit(1)
  }
  writeFile(path, release.text)
  print("wrote \(path)")
  exit(0)
}

let specification = Specification(TranscriptFiles.load())
var differing: [String] = []
for (path, text) in specification.files where readFile(path) != text {
  differing.append(path)
  if mode == "write" { writeFile(path, text) }
}
specification.problems.forEach(fail)
let verb = mode == "write" ? "wrote" : "differs from the code; run `protocol-tool write` and review:"
for path in differing { print("\(verb) \(path)") }
exit(specification.problems.isEmpty && (mode == "write" || differing.isEmpty) ? 0 : 1)
