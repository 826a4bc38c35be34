/** The extension: starts servers for manifests, and shows the search and the frontier beside them. */

import * as vscode from "vscode";
import { CandidateTree } from "./candidates";
import { Documents, isManifest } from "./documents";
import { registerFeatures } from "./features";
import { FrontierPanel } from "./frontier";
import { RPCError } from "./jsonrpc";
import type { ServerCommands } from "./protocol";
import { StatusBar } from "./status";

let documents: Documents | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const output = vscode.window.createOutputChannel("Trimtab");
  const diagnostics = vscode.languages.createDiagnosticCollection("trimtab");
  const known = new Documents(diagnostics, output);
  documents = known;
  const status = new StatusBar();
  const tree = new CandidateTree();
  const frontier = new FrontierPanel(context.extensionUri);
  /** The manifest in front, or the last that was. */
  let manifest: vscode.TextDocument | undefined;

  async function execute<C extends keyof ServerCommands>(command: C, document: vscode.TextDocument, quiet = false) {
    const server = known.server(document);
    if (!server) throw new Error("Trimtab is not running for this manifest; run “Trimtab: Restart”.");
    return server.execute(command, document.uri.toString(), quiet);
  }

  /** The answer of a command that only shows; where there is nothing to show, the server's reason is its message. */
  async function ask<C extends "trimtab.suggestion" | "trimtab.ranking" | "trimtab.showFrontier">(
    command: C, document: vscode.TextDocument,
  ): Promise<ServerCommands[C]> {
    try {
      return await execute(command, document, true);
    } catch (error) {
      if (error instanceof RPCError) return { message: error.message };
      throw error;
    }
  }

  /** Asks again for what is shown; one round at a time, and one more where things have moved meanwhile. */
  let round: Promise<void> | undefined;
  let again = false;
  function refresh(): void {
    if (round) { again = true; return; }
    round = update().catch((error) => output.appendLine(String(error))).finally(() => {
      round = undefined;
      if (again) { again = false; refresh(); }
    });
  }

  async function update(): Promise<void> {
    if (!manifest || !known.server(manifest)) return;
    const shown = manifest;
    const [suggestion, ranking] = await Promise.all([
      ask("trimtab.suggestion", shown), ask("trimtab.ranking", shown)]);
    if (shown !== manifest) return;
    status.show(suggestion, ranking);
    tree.show(ranking);
    if (frontier.isOpen && frontier.manifest) frontier.show(await ask("trimtab.showFrontier", frontier.manifest));
  }

  function look(editor: vscode.TextEditor | undefined): void {
    if (!editor || !isManifest(editor.document)) return;
    manifest = editor.document;
    refresh();
  }

  /** A command for the manifest in front, or for the one that a code lens names. */
  function command(name: string, run: (document: vscode.TextDocument) => Promise<unknown>): vscode.Disposable {
    return vscode.commands.registerCommand(name, async (uri?: unknown) => {
      const named = vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri);
      const document = named ?? manifest;
      if (!document) return vscode.window.showWarningMessage("Open a trimtab.toml first.");
      try {
        return await run(document);
      } catch (error) {
        if (error instanceof RPCError) return undefined; // the server has shown it
        return vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
      }
    });
  }

  const showSuggestion = async (document: vscode.TextDocument) => {
    const { suggestion, message } = await ask("trimtab.suggestion", document);
    const insert = suggestion ? ["Insert into the manifest"] : [];
    if (await vscode.window.showInformationMessage(message, ...insert)) await insertSuggestion(document);
  };
  // The server says what these two did.
  const insertSuggestion = (document: vscode.TextDocument) => execute("trimtab.insertSuggestion", document);
  const applyToSearch = async (document: vscode.TextDocument) => {
    await execute("trimtab.applyToSearch", document);
    refresh();
  };
  const showRanking = async (document: vscode.TextDocument) => {
    tree.show(await ask("trimtab.ranking", document));
    await vscode.commands.executeCommand("trimtab.candidates.focus");
  };
  const showFrontier = async (document: vscode.TextDocument) =>
    frontier.open(document, await ask("trimtab.showFrontier", document));

  context.subscriptions.push(
    output, diagnostics, known, status, tree, frontier, ...registerFeatures(known),
    // The names of the server's commands, which code lenses carry, and those of the palette.
    command("trimtab.suggestion", showSuggestion), command("trimtab.showSuggestion", showSuggestion),
    command("trimtab.ranking", showRanking), command("trimtab.showRanking", showRanking),
    command("trimtab.showFrontier", showFrontier),
    command("trimtab.insertSuggestion", insertSuggestion),
    command("trimtab.applyToSearch", applyToSearch),
    vscode.commands.registerCommand("trimtab.restart", () => known.restart()),
    vscode.commands.registerCommand("trimtab.showLog", () => output.show()),
    vscode.window.onDidChangeActiveTextEditor(look),
    known.onMoved(refresh),
    known.onStopped((reason) => status.failed(`Trimtab ${reason}`)),
  );
  look(vscode.window.activeTextEditor);
}

export function deactivate(): Promise<unknown> | undefined {
  return documents?.dispose();
}
