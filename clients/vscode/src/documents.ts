/** Keeps servers' copies of the open manifests, and finds the server of a document. */

import { dirname } from "path";
import * as vscode from "vscode";
import { fromRange } from "./convert";
import { Server, ServerEvents } from "./server";

export const LANGUAGE = "trimtab";
export const SELECTOR: vscode.DocumentFilter[] = [{ language: LANGUAGE, scheme: "file" }];
/** A folder's server is started again this often; then only by the command. */
const RESTARTS = 3;

export const isManifest = (document: vscode.TextDocument) =>
  document.languageId === LANGUAGE && document.uri.scheme === "file";

export class Documents implements vscode.Disposable {
  private readonly servers = new Map<string, Server>();
  private readonly ends = new Map<string, number>();
  private readonly listeners: vscode.Disposable[];
  private readonly movedEmitter = new vscode.EventEmitter<void>();
  private readonly stoppedEmitter = new vscode.EventEmitter<string>();
  /** The search or the frontier of an open manifest has moved, or its text has. */
  readonly onMoved = this.movedEmitter.event;
  /** A server has ended and is not started again; the reason. */
  readonly onStopped = this.stoppedEmitter.event;

  constructor(
    private readonly diagnostics: vscode.DiagnosticCollection, private readonly output: vscode.OutputChannel,
  ) {
    this.listeners = [
      vscode.workspace.onDidOpenTextDocument((document) => this.open(document)),
      vscode.workspace.onDidChangeTextDocument((event) => this.change(event)),
      vscode.workspace.onDidSaveTextDocument((document) => this.tell(document, "didSave")),
      vscode.workspace.onDidCloseTextDocument((document) => this.close(document)),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("trimtab")) void this.restart();
      }),
    ];
    for (const document of vscode.workspace.textDocuments) this.open(document);
  }

  /** The server of a manifest; undefined where it has ended. */
  server(document: vscode.TextDocument): Server | undefined {
    return this.servers.get(dirname(document.uri.fsPath));
  }

  /** Starts all servers again, with the settings as they are now. */
  async restart(): Promise<void> {
    this.ends.clear();
    const old = [...this.servers.values()];
    this.servers.clear();
    await Promise.all(old.map((one) => one.stop()));
    for (const document of vscode.workspace.textDocuments) this.open(document);
  }

  dispose(): Promise<unknown> {
    for (const one of this.listeners) one.dispose();
    return Promise.all([...this.servers.values()].map((one) => one.stop()));
  }

  private start(folder: string): Server {
    const settings = vscode.workspace.getConfiguration("trimtab");
    const state = settings.get("stateDirectory", "");
    const command = [settings.get("binary", "trimtab"), "serve", "--stdio", ...(state ? ["--state", state] : [])];
    const events: ServerEvents = {
      moved: () => this.movedEmitter.fire(),
      ended: (server, reason) => this.ended(server, reason),
    };
    const server = new Server(folder, command, this.diagnostics, this.output, events);
    this.servers.set(folder, server);
    return server;
  }

  private ended(server: Server, reason: string): void {
    if (this.servers.get(server.folder) !== server) return;
    this.servers.delete(server.folder);
    const count = (this.ends.get(server.folder) ?? 0) + 1;
    this.ends.set(server.folder, count);
    if (count > RESTARTS) return this.stoppedEmitter.fire(reason);
    for (const document of vscode.workspace.textDocuments) this.open(document);
  }

  private open(document: vscode.TextDocument): void {
    if (!isManifest(document)) return;
    const folder = dirname(document.uri.fsPath);
    if ((this.ends.get(folder) ?? 0) > RESTARTS) return;
    const server = this.servers.get(folder) ?? this.start(folder);
    const { uri, version } = document;
    const text = document.getText();
    server.notify("textDocument/didOpen", {
      textDocument: { uri: uri.toString(), languageId: LANGUAGE, version, text },
    }).then(() => this.movedEmitter.fire(), () => undefined); // that the server has ended is said by its end
  }

  private change(event: vscode.TextDocumentChangeEvent): void {
    if (!isManifest(event.document) || event.contentChanges.length === 0) return;
    const changes = event.contentChanges.map((one) => ({ range: fromRange(one.range), text: one.text }));
    this.tell(event.document, "didChange", { version: event.document.version }, { contentChanges: changes });
  }

  private close(document: vscode.TextDocument): void {
    if (!isManifest(document)) return;
    this.tell(document, "didClose");
    this.diagnostics.set(document.uri, undefined);
  }

  private tell(document: vscode.TextDocument, what: string, identity = {}, more = {}): void {
    if (!isManifest(document)) return;
    this.server(document)?.notify(
      `textDocument/${what}`, { textDocument: { uri: document.uri.toString(), ...identity }, ...more },
    ).catch(() => undefined); // as above
  }
}
