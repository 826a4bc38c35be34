/** The language features, each asked of the server. */

import * as vscode from "vscode";
import * as convert from "./convert";
import { Documents, SELECTOR } from "./documents";
import * as lsp from "./protocol";

export function registerFeatures(documents: Documents): vscode.Disposable[] {
  async function ask<T>(
    document: vscode.TextDocument, feature: string, provider: string, more: object, token: vscode.CancellationToken,
  ): Promise<T | undefined> {
    const server = documents.server(document);
    if (!server || !await server.offers(provider)) return undefined;
    return server.request<T>(
      `textDocument/${feature}`, { textDocument: { uri: document.uri.toString() }, ...more }, token);
  }

  return [
    vscode.languages.registerHoverProvider(SELECTOR, {
      async provideHover(document, position, token) {
        const found = await ask<lsp.Hover>(
          document, "hover", "hoverProvider", { position: convert.fromPosition(position) }, token);
        return found && new vscode.Hover(
          convert.markdown(found.contents), found.range && convert.range(found.range));
      },
    }),
    vscode.languages.registerCompletionItemProvider(SELECTOR, {
      async provideCompletionItems(document, position, token) {
        const found = await ask<lsp.CompletionItem[] | { items: lsp.CompletionItem[] }>(
          document, "completion", "completionProvider", { position: convert.fromPosition(position) }, token);
        return found && (Array.isArray(found) ? found : found.items).map(convert.completionItem);
      },
    }, "\"", "[", "."),
    vscode.languages.registerCodeLensProvider(SELECTOR, {
      onDidChangeCodeLenses: documents.onMoved,
      async provideCodeLenses(document, token) {
        const found = await ask<lsp.CodeLens[]>(document, "codeLens", "codeLensProvider", {}, token);
        return found?.map((one) => new vscode.CodeLens(convert.range(one.range), one.command));
      },
    }),
    vscode.languages.registerCodeActionsProvider(SELECTOR, {
      async provideCodeActions(document, range, context, token) {
        const sent = context.diagnostics.filter(
          (one): one is convert.SentDiagnostic => one instanceof convert.SentDiagnostic);
        const found = await ask<lsp.CodeAction[]>(document, "codeAction", "codeActionProvider", {
          range: convert.fromRange(range), context: { diagnostics: sent.map((one) => one.sent) },
        }, token);
        return found?.map((one) => convert.codeAction(one, context.diagnostics));
      },
    }),
    vscode.languages.registerDocumentSymbolProvider(SELECTOR, {
      async provideDocumentSymbols(document, token) {
        const found = await ask<lsp.NestedSymbol[]>(document, "documentSymbol", "documentSymbolProvider", {}, token);
        return found?.map(convert.documentSymbol);
      },
    }),
    vscode.languages.registerFoldingRangeProvider(SELECTOR, {
      async provideFoldingRanges(document, _, token) {
        const found = await ask<lsp.FoldingRange[]>(document, "foldingRange", "foldingRangeProvider", {}, token);
        return found?.map(convert.foldingRange);
      },
    }),
    vscode.languages.registerRenameProvider(SELECTOR, {
      async provideRenameEdits(document, position, newName, token) {
        const found = await ask<lsp.WorkspaceEdit>(
          document, "rename", "renameProvider", { position: convert.fromPosition(position), newName }, token);
        return found && convert.workspaceEdit(found);
      },
    }),
  ];
}
