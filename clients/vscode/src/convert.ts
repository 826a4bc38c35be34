/** Values of the Language Server Protocol as values of the editor, and back. */

import * as vscode from "vscode";
import * as lsp from "./protocol";

export const position = (one: lsp.Position) => new vscode.Position(one.line, one.character);
export const range = (one: lsp.Range) => new vscode.Range(position(one.start), position(one.end));
export const fromPosition = (one: vscode.Position): lsp.Position => ({ line: one.line, character: one.character });
export const fromRange = (one: vscode.Range): lsp.Range =>
  ({ start: fromPosition(one.start), end: fromPosition(one.end) });

export function markdown(text: lsp.MarkupText): vscode.MarkdownString {
  const value = text.kind === "markdown" ? text.value : text.value.replace(/([\\`*_{}[\]<>()#+\-.!|])/g, "\\$1");
  return new vscode.MarkdownString(value);
}

/** An edit with `documentChanges`, which the extension declares that it takes. */
export function workspaceEdit(edit: lsp.WorkspaceEdit): vscode.WorkspaceEdit {
  const made = new vscode.WorkspaceEdit();
  for (const { textDocument, edits } of edit.documentChanges ?? []) {
    made.set(vscode.Uri.parse(textDocument.uri), edits.map((one) => vscode.TextEdit.replace(range(one.range), one.newText)));
  }
  return made;
}

/** A diagnostic that remembers what the server sent, to send it back when fixes are asked for. */
export class SentDiagnostic extends vscode.Diagnostic {
  constructor(readonly sent: lsp.Diagnostic) {
    super(range(sent.range), sent.message, (sent.severity ?? 1) - 1);
    this.source = sent.source;
    this.code = sent.code;
  }
}

export function codeAction(one: lsp.CodeAction, diagnostics: readonly vscode.Diagnostic[]): vscode.CodeAction {
  const kind = one.kind === "quickfix" ? vscode.CodeActionKind.QuickFix
    : one.kind ? vscode.CodeActionKind.Empty.append(one.kind) : undefined;
  const made = new vscode.CodeAction(one.title, kind);
  if (one.edit) made.edit = workspaceEdit(one.edit);
  if (typeof one.command === "object") made.command = one.command; // a string is for clients without literals
  made.isPreferred = one.isPreferred;
  const same = (a: vscode.Diagnostic, b: lsp.Diagnostic) =>
    a.message === b.message && JSON.stringify(fromRange(a.range)) === JSON.stringify(b.range);
  made.diagnostics = diagnostics.filter((a) => one.diagnostics?.some((b) => same(a, b)));
  return made;
}

export function completionItem(one: lsp.CompletionItem): vscode.CompletionItem {
  // The protocol counts kinds from 1, the editor from 0.
  const made = new vscode.CompletionItem(one.label, one.kind - 1);
  made.detail = one.detail;
  if (one.documentation) made.documentation = markdown(one.documentation);
  made.sortText = one.sortText;
  made.filterText = one.filterText;
  made.insertText = one.textEdit.newText;
  made.range = range(one.textEdit.range);
  return made;
}

export function documentSymbol(one: lsp.NestedSymbol): vscode.DocumentSymbol {
  const made = new vscode.DocumentSymbol(
    one.name, one.detail ?? "", one.kind - 1, range(one.range), range(one.selectionRange));
  made.children = ((one.children ?? []) as unknown as lsp.NestedSymbol[]).map(documentSymbol);
  return made;
}

export function foldingRange(one: lsp.FoldingRange): vscode.FoldingRange {
  return new vscode.FoldingRange(
    one.startLine, one.endLine, one.kind === "comment" ? vscode.FoldingRangeKind.Comment : undefined);
}
