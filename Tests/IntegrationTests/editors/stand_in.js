// A small stand-in for Visual Studio Code's API: what the extension uses of it, with documents that can be edited, and
// with what the editor would show kept for tests. It is no editor: it asks a provider when a test says so.
"use strict";
const fs = require("fs");

class EventEmitter {
  constructor() {
    this.listeners = new Set();
    this.event = (listener) => {
      this.listeners.add(listener);
      return { dispose: () => this.listeners.delete(listener) };
    };
  }
  fire(data) { for (const one of [...this.listeners]) one(data); }
  dispose() { this.listeners.clear(); }
}

class Uri {
  constructor(fsPath) { this.fsPath = fsPath; this.scheme = "file"; }
  static file(path) { return new Uri(path); }
  static parse(text) {
    if (!text.startsWith("file://")) throw new Error(`not a file: ${text}`);
    return new Uri(decodeURIComponent(text.slice("file://".length)));
  }
  static joinPath(base, ...parts) { return new Uri([base.fsPath, ...parts].join("/")); }
  // As the editor writes it: more is percent-encoded than must be.
  toString() { return "file://" + this.fsPath.split("/").map(encodeURIComponent).join("/"); }
}
class Position { constructor(line, character) { this.line = line; this.character = character; } }
class Range { constructor(start, end) { this.start = start; this.end = end; } }
const values = (...names) => class { constructor(...given) { names.forEach((name, n) => { this[name] = given[n]; }); } };
class TextEdit extends values("range", "newText") {
  static replace(range, newText) { return new TextEdit(range, newText); }
}
class WorkspaceEdit {
  constructor() { this.entries = []; }
  set(uri, edits) { this.entries.push([uri, edits]); }
}
class CodeActionKind {
  constructor(value) { this.value = value; }
  append(parts) { return new CodeActionKind(this.value ? `${this.value}.${parts}` : parts); }
}
CodeActionKind.Empty = new CodeActionKind("");
CodeActionKind.QuickFix = new CodeActionKind("quickfix");

class TextDocument {
  constructor(path) {
    Object.assign(this, { uri: Uri.file(path), fileName: path, languageId: "trimtab", version: 1 });
    this.text = fs.readFileSync(path, "utf8");
  }
  getText() { return this.text; }
  offset({ line, character }) {
    let start = 0;
    for (let n = 0; n < line; n += 1) {
      const end = this.text.indexOf("\n", start);
      if (end < 0) return this.text.length;
      start = end + 1;
    }
    return Math.min(start + character, this.text.length);
  }
}

const shown = { diagnostics: new Map(), messages: [], panels: [], status: undefined, tree: undefined, output: "" };
const providers = {}, commands = new Map(), settings = new Map();
const opened = new EventEmitter(), changed = new EventEmitter(), saved = new EventEmitter(), closed = new EventEmitter(),
  configured = new EventEmitter(), activated = new EventEmitter(), diagnosed = new EventEmitter();
const register = (name) => (_, provider) => { providers[name] = provider; return { dispose() {} }; };
const message = (kind) => async (text, ...items) => { shown.messages.push({ kind, text, items }); return undefined; };

const workspace = {
  textDocuments: [],
  onDidOpenTextDocument: opened.event, onDidChangeTextDocument: changed.event, onDidSaveTextDocument: saved.event,
  onDidCloseTextDocument: closed.event, onDidChangeConfiguration: configured.event,
  getConfiguration: (section) => ({ get: (name, otherwise) => settings.get(`${section}.${name}`) ?? otherwise }),
  async applyEdit(edit) {
    for (const [uri, edits] of edit.entries) {
      const document = workspace.textDocuments.find((one) => one.uri.fsPath === uri.fsPath);
      if (!document) return false;
      // Later places first, so that earlier ones stay where they are.
      const sorted = edits.map((one) => ({ one, from: document.offset(one.range.start) })).sort((a, b) => b.from - a.from);
      const contentChanges = sorted.map(({ one }) => ({ range: one.range, text: one.newText }));
      for (const { one, from } of sorted) {
        document.text = document.text.slice(0, from) + one.newText + document.text.slice(document.offset(one.range.end));
      }
      document.version += 1;
      changed.fire({ document, contentChanges });
    }
    return true;
  },
};

const vscode = {
  EventEmitter, Uri, Position, Range, TextEdit, WorkspaceEdit, CodeActionKind, workspace,
  Diagnostic: values("range", "message", "severity"), DiagnosticSeverity: { Error: 0, Warning: 1, Information: 2, Hint: 3 },
  MarkdownString: values("value"), Hover: values("contents", "range"), CompletionItem: values("label", "kind"),
  CodeLens: values("range", "command"), CodeAction: values("title", "kind"),
  DocumentSymbol: values("name", "detail", "kind", "range", "selectionRange"),
  FoldingRange: values("start", "end", "kind"), FoldingRangeKind: { Comment: 1 },
  TreeItem: values("label", "state"), ThemeIcon: values("id"), TreeItemCollapsibleState: { None: 0 },
  StatusBarAlignment: { Left: 1, Right: 2 }, ViewColumn: { Active: -1, Beside: -2 },
  languages: {
    createDiagnosticCollection: () => ({
      set(uri, diagnostics) { shown.diagnostics.set(uri.fsPath, diagnostics ?? []); diagnosed.fire(uri); }, dispose() {},
    }),
    registerHoverProvider: register("hover"), registerCompletionItemProvider: register("completion"),
    registerCodeLensProvider: register("codeLens"),
    registerCodeActionsProvider: register("codeAction"), registerDocumentSymbolProvider: register("documentSymbol"),
    registerFoldingRangeProvider: register("foldingRange"), registerRenameProvider: register("rename"),
  },
  window: {
    activeTextEditor: undefined, onDidChangeActiveTextEditor: activated.event,
    createStatusBarItem: () => (shown.status = { text: "", visible: false, show() { this.visible = true; }, dispose() {} }),
    createOutputChannel: () => ({
      append(text) { shown.output += text; }, appendLine(text) { shown.output += text + "\n"; }, show() {}, dispose() {} }),
    createTreeView(id, { treeDataProvider }) { return (shown.tree = { id, provider: treeDataProvider, dispose() {} }); },
    createWebviewPanel(type, title) {
      const received = new EventEmitter(), disposed = new EventEmitter(), posted = [];
      const panel = {
        type, title, posted, received, reveal() {}, onDidDispose: disposed.event, dispose() { disposed.fire(); },
        webview: {
          html: "", cspSource: "file:", asWebviewUri: (uri) => uri, onDidReceiveMessage: received.event,
          async postMessage(one) { posted.push(one); return true; },
        },
      };
      shown.panels.push(panel);
      return panel;
    },
    showInformationMessage: message("information"), showWarningMessage: message("warning"),
    showErrorMessage: message("error"),
  },
  commands: {
    registerCommand(name, run) { commands.set(name, run); return { dispose() {} }; },
    async executeCommand(name, ...given) { return commands.get(name)?.(...given); },
  },
};

// The editor gives the module to the extension; here the loader of Node does.
const Module = require("module");
const load = Module._load;
Module._load = function (name, ...rest) { return name === "vscode" ? vscode : load.call(this, name, ...rest); };

module.exports = {
  vscode, shown, providers, commands, settings, diagnosed,
  open(path) {
    const document = new TextDocument(path);
    workspace.textDocuments.push(document);
    opened.fire(document);
    vscode.window.activeTextEditor = { document };
    activated.fire(vscode.window.activeTextEditor);
    return document;
  },
  save(document) { fs.writeFileSync(document.fileName, document.text); saved.fire(document); },
  close(document) {
    workspace.textDocuments.splice(workspace.textDocuments.indexOf(document), 1);
    closed.fire(document);
  },
};
