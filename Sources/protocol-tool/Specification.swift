internal import Basics
internal import JSON
internal import Sessions
internal import Transcripts
internal import TrimtabServer

/// The generated part of protocol-spec/: pages, the model, schemas, types for several languages, and what changed since
/// the last release.
struct Specification {
  /// The transcripts as they replay now.
  private let transcripts: [TranscriptFiles.Entry]
  /// Those, and what needs several processes, a computation under way or a disk that fails.
  private let shown: [TranscriptFiles.Entry]
  /// Path and text of each generated file.
  private(set) var files: [(path: String, text: String)] = []
  /// Contradictions in the code or between code and examples, and whatever no example shows.
  private(set) var problems: [String] = []

  /// Errors that need hundreds or thousands of messages; Tests/ProcessTests/test_fixture_coverage.py names the tests
  /// that show them.
  private static let shownElsewhere: Set<RequestError.Kind> = [.overloaded, .revisionTooOld]

  init(_ recorded: TranscriptFiles) {
    transcripts = recorded.transcripts.map { ($0.path, $0.transcript.replayed(on: LocalClient())) }
    shown = transcripts + recorded.conversations
    files = transcripts.map { ($0.path, $0.transcript.text) }
    for route in Catalogue.routes {
      let (examples, kinds) = examples(of: route)
      // The answer of rpc.discover is a file of its own.
      if !kinds.contains("answered"), route.name != RPCDiscover.name {
        problems.append("\(route.name): no transcript shows an answer")
      }
      for kind in route.refusals where !kinds.contains(kind.rawValue) && !Self.shownElsewhere.contains(kind) {
        problems.append("\(route.name): no transcript shows the error \(kind.rawValue)")
      }
      files.append(
        (
          "protocol-spec/methods/\(route.name).md",
          Page.text(route, examples: route.name == RPCDiscover.name ? "The file `openrpc.json`." : examples)
        ))
    }
    for entry in Catalogue.notifications {
      let example = example(of: entry)
      if example == nil { problems.append("\(entry.name): no transcript shows this notification") }
      files.append((Page.path(entry), Page.text(entry, example: example)))
    }
    files.append(("protocol-spec/errors.md", Page.errors()))
    files.append(("protocol-spec/manifest.md", Page.manifest()))
    files.append(("protocol-spec/manifest.schema.json", ManifestContract.jsonSchema().indentedText + "\n"))
    problems += ManifestContract.conflicts.map { "\($0): the name of two tables of manifests with different keys" }
    let history = History.load()
    files.append(("protocol-spec/model.json", Model(history: history).json().indentedText + "\n"))
    files.append(("protocol-spec/openrpc.json", Contract.openRPC().indentedText + "\n"))
    files.append(
      ("protocol-spec/schema.json", Contract.jsonSchema(examples: messages).indentedText + "\n"))
    let types = MessageTypes()
    files.append(("protocol-spec/trimtab.d.ts", TypeScriptFile(types, history).text))
    files.append(("protocol-spec/trimtab.rs", RustFile(types, history).text))
    files.append(("clients/python/trimtab/messages.py", PythonFile(types, history).text))
    files.append(("Sources/TrimtabClient/Messages.swift", SwiftFile(types, history).text))
    if let last = history.last {
      let differences = Differences(from: last, to: history.present)
      files.append(
        (
          "\(History.folder)/changes.md",
          differences.page(from: last.version.text, to: history.present.version.text)
        ))
    }
    problems += history.problems(changelog: readFile("protocol-spec/CHANGELOG.md") ?? "")
    // Last, as it is made of the other pages.
    let texts = Dictionary(uniqueKeysWithValues: files.map { ($0.path, $0.text) })
    let page = SpecificationPage.html(
      methods: Catalogue.routes.map(\.name), notifications: Catalogue.notifications.map(Page.path)
    ) { name in
      let path = "protocol-spec/\(name)"
      return texts[path] ?? readFile(path) ?? ""
    }
    files.append(("protocol-spec/index.html", page))
    problems += Contract.conflicts.map { "\($0): the name of two types with different fields" }
    problems +=
      Declarations.problems() + transcripts.flatMap { Declarations.problems(in: $0.transcript, at: $0.path) }
  }

  /// The first answered request and the first of each error, from the transcripts.
  private func examples(of route: Route) -> (text: String, kinds: Set<String>) {
    var examples: [String] = []
    var kinds: Set<String> = []
    let uses = shown.flatMap { path, transcript in
      transcript.requests.filter { $0.sent["method"] == .string(route.name) }.map { (path: path, request: $0) }
    }
    // A request by itself is read more easily than one of a batch.
    let single = uses.filter { $0.request.whole.sent.arrayValue == nil }
    for (path, request) in single + uses.filter({ $0.request.whole.sent.arrayValue != nil }) {
      guard let answer = request.received.first(where: { $0["id"] == request.sent["id"] }) else { continue }
      let kind =
        answer["error"] == nil ? "answered" : answer["error"]?["data"]?["kind"]?.stringValue?.text ?? "failed"
      guard kinds.insert(kind).inserted else { continue }
      examples.append(
        Page.example(
          kind == "answered" ? "Answered" : "Refused: `\(kind)`", path: path,
          lines: ["--> " + request.whole.sent.text] + request.whole.received.map { "<-- " + $0.text }))
    }
    return (examples.joined(separator: "\n\n"), kinds)
  }

  /// Messages whose type has this name, from the transcripts: the first of each transcript, short ones only.
  private func messages(_ name: String) -> [JSON] {
    var found: [JSON] = []
    for (_, transcript) in transcripts {
      for (sent, received) in transcript.exchanges {
        guard let method = sent["method"]?.stringValue?.text else { continue }
        let answer = received.first { $0["id"] != nil && $0["id"] == sent["id"] }
        // Refused params may be what the schema does not accept.
        guard answer?["error"] == nil else { continue }
        // Null and a list are other spellings of no params; a notification that is not right gets no answer that says
        // so.
        let entry = Catalogue.notifications.first { $0.name == method }
        if Contract.paramsName(method) == name, let params = sent["params"], params.objectValue != nil,
          entry.map({ FieldType.object($0.params(), name: "").violations(in: params).isEmpty }) ?? true
        {
          found.append(params)
        }
        if Contract.answerName(method) == name, let result = answer?["result"] { found.append(result) }
        for push in received {
          if let method = push["method"]?.stringValue?.text, Contract.paramsName(method) == name {
            found.append(push["params"] ?? .null)
          }
        }
      }
    }
    return Array(found.filter { $0.text.utf8.count <= 600 }.prefix(2))
  }

  /// The first message of this name, from the transcripts.
  private func example(of entry: NotificationEntry) -> String? {
    for (path, transcript) in shown {
      for line in transcript.lines {
        switch (line, entry.direction) {
        case (.sent(let text), .clientToServer), (.received(let text), .serverToClient),
          (.received(let text), .serverRequest):
          guard let json = try? JSON.parse(text), json["method"] == .string(entry.name),
            (json["id"] != nil) == (entry.direction == .serverRequest)
          else { continue }
          let arrow = entry.direction == .clientToServer ? "--> " : "<-- "
          return Page.example("Example", path: path, lines: [arrow + json.text])
        default: continue
        }
      }
    }
    return nil
  }
}
