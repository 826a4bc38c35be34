internal import Basics
package import JSON
internal import JSONRPC
internal import ManifestText
internal import Sessions

/// `textDocument/codeAction`: what can be done about a part of a document.
package enum TextDocumentCodeAction: EditorMethod {
  package static let name = "textDocument/codeAction"
  package static let purpose =
    "Lists what can be done about a part of an open document: fixes of what is wrong there, writing the suggested models, applying the manifest to the search."

  package struct Params: DocumentScoped {
    package let uri: String
    let range: TextRange
    let only: [String]?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      uri = try reader.document()
      let range: DocumentRange = try reader.required("range", .object(), "The part of it that is asked about.")
      self.range = range.range
      let context: Context? = try reader.optional("context", .object(), "What the client wants.")
      only = context?.only
    }
  }

  struct Context: ObjectReadable {
    let only: [String]?

    init(from reader: inout ObjectReader) throws(InvalidField) {
      only = try reader.optional(
        "only", .list(of: .string), "Kinds of actions; one stands for those that it is the beginning of.")
      reader.accept("diagnostics", "triggerKind")
    }
  }

  package typealias Answer = AnswerList<CodeAction>
  package static let nothing = Answer()

  package static func answer(_ params: Params, _ place: EditorPlace) -> Answer {
    let asked = place.text.sourceRange(of: params.range, in: place.encoding)
    let actions = CodeActions.list(for: asked, place).filter { action in
      params.only?.contains { ExactString(action.kind.rawValue + ".").hasPrefix($0 + ".") } ?? true
    }
    // A client that takes no actions takes commands.
    guard !place.capabilities.codeActionLiterals else { return Answer(actions) }
    return Answer(actions.filter { $0.command != nil }.map(\.asCommand))
  }
}

/// Something that can be done: an edit, or a command.
package struct CodeAction: AnswerObject, Sendable {
  package enum Kind: String, CaseIterable, FieldValue, Sendable {
    case quickFix = "quickfix"
    case rewrite = "refactor.rewrite"
    case source = "source"
  }

  let title: String
  let kind: Kind
  var diagnostics: [EditorDiagnostic] = []
  var edit: WorkspaceEdit?
  var command: CommandFields?
  private var isCommand = false

  init(_ title: String, _ kind: Kind) { (self.title, self.kind) = (title, kind) }

  fileprivate var asCommand: CodeAction {
    var action = self
    action.isCommand = true
    return action
  }

  package static let fields = Fields<CodeAction> {
    Field("title", "What it does.") { $0.title }
    Field(
      "kind", "Its kind; absent, as all but `title`, `command` and `arguments`, for a client without action literals."
    ) {
      $0.isCommand ? nil : $0.kind
    }
    Field("diagnostics", "What it mends.") { $0.isCommand || $0.diagnostics.isEmpty ? nil : $0.diagnostics }
    Field("isPreferred", "True for the fix of a problem.") { !$0.isCommand && $0.kind == .quickFix ? true : nil }
    Field("edit", "The changes that it makes.") { $0.isCommand ? nil : $0.edit }
    Field("command", "What it runs: an object, or for a client without action literals the command's name.") {
      action -> CommandOrName? in action.command.map { CommandOrName(command: $0, isName: action.isCommand) }
    }
    Field("arguments", "For such a client: the document's URI.") { $0.isCommand ? $0.command.map { [$0.uri] } : nil }
  }
}

/// A command, or its name alone.
struct CommandOrName: FieldValue {
  static var fieldType: FieldType { .either(CommandFields.fieldType, .string()) }
  let command: CommandFields
  let isName: Bool

  func writeValue(to object: inout ObjectWriter) {
    if isName { (command.command?.rawValue ?? "").writeValue(to: &object) } else { command.writeValue(to: &object) }
  }
}
