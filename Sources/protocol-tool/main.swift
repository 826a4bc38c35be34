// `protocol-tool write` generates protocol-spec/ and the transcripts' answers from the code; `protocol-tool check`
// fails where a file differs from what would be written. Run it in the repository's root.

internal import CLibrary

func fail(_ message: String) {
  var text = "protocol-tool: \(message)\n"
  text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

let arguments = CommandLine.arguments.dropFirst()
guard let mode = arguments.first, arguments.count == 1, ["write", "check"].contains(mode) else {
  fail("expected write or check; run it in the repository's root")
  exit(64)
}

let specification = Specification(transcripts: TranscriptFiles.load())
var differing: [String] = []
for (path, text) in specification.files + TranscriptFiles.files(specification.transcripts)
where readFile(path) != text {
  differing.append(path)
  if mode == "write" { writeFile(path, text) }
}
specification.problems.forEach(fail)
let verb = mode == "write" ? "wrote" : "differs from the code; run `protocol-tool write` and review:"
for path in differing { print("\(verb) \(path)") }
exit(specification.problems.isEmpty && (mode == "write" || differing.isEmpty) ? 0 : 1)
