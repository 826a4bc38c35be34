/** One `trimtab serve` for the manifests of a folder. */

import { spawn, ChildProcess } from "child_process";
import { basename } from "path";
import * as vscode from "vscode";
import { Connection } from "./jsonrpc";
import type { WindowShowMessageParams } from "../../../protocol-spec/trimtab";
import * as lsp from "./protocol";
import { SentDiagnostic, workspaceEdit } from "./convert";

/**
 * What the extension does with the editor's language features; nothing else is declared. The server's inlay hints are the
 * texts of its lenses, for editors without lenses.
 */
const CAPABILITIES = {
  general: { positionEncodings: ["utf-16"] },
  workspace: {
    applyEdit: true, executeCommand: {}, workspaceEdit: { documentChanges: true },
    codeLens: { refreshSupport: true },
  },
  textDocument: {
    synchronization: { didSave: true },
    publishDiagnostics: { versionSupport: true, dataSupport: true },
    hover: { contentFormat: ["markdown", "plaintext"] },
    completion: { completionItem: { snippetSupport: false, documentationFormat: ["markdown", "plaintext"] } },
    codeLens: {}, foldingRange: { lineFoldingOnly: true }, rename: {},
    codeAction: {
      isPreferredSupport: true, dataSupport: true,
      codeActionLiteralSupport: { codeActionKind: { valueSet: ["quickfix", "refactor", "refactor.rewrite", "source"] } },
    },
    documentSymbol: { hierarchicalDocumentSymbolSupport: true },
  },
};

const GRACE_MILLISECONDS = 2000;

export interface ServerEvents {
  /** The search or the frontier has moved: lenses, the tree and panels are to be asked for again. */
  moved(): void;
  /** The process has ended without being asked to. */
  ended(server: Server, reason: string): void;
}

export class Server {
  readonly ready: Promise<void>;
  private readonly process: ChildProcess;
  private readonly connection: Connection;
  private readonly exited: Promise<void>;
  private stopping = false;
  private ended = false;
  private capabilities: { [name: string]: unknown } = {};

  constructor(
    readonly folder: string, command: string[], private readonly diagnostics: vscode.DiagnosticCollection,
    private readonly output: vscode.OutputChannel, events: ServerEvents,
  ) {
    this.process = spawn(command[0], command.slice(1), { cwd: folder });
    const end = (reason: string) => {
      this.ended = true;
      this.connection.close(new Error(`trimtab ${reason}`));
      output.appendLine(`trimtab in ${folder} ${reason}`);
      if (!this.stopping) events.ended(this, reason);
    };
    this.connection = new Connection(
      (data) => void this.process.stdin.write(data),
      (error) => { output.appendLine(String(error)); this.process.kill(); });
    this.exited = new Promise((resolve) => {
      this.process.on("error", (error) => { end(`cannot be started: ${error.message}`); resolve(); });
      this.process.on("exit", (code, signal) => {
        end(signal ? `ended by ${signal}` : `ended with status ${code}`);
        resolve();
      });
    });
    this.process.stdin.on("error", () => undefined); // the exit says it
    this.process.stdout.on("data", (chunk) => this.connection.receive(chunk));
    this.process.stderr.on("data", (chunk) => output.append(chunk.toString("utf8")));
    this.listen(events);
    this.ready = this.initialize();
    this.ready.catch((error) => output.appendLine(String(error)));
  }

  private listen(events: ServerEvents): void {
    this.connection.onNotification("textDocument/publishDiagnostics", (params) => {
      this.diagnostics.set(
        vscode.Uri.parse(params.uri), params.diagnostics.map((one: lsp.Diagnostic) => new SentDiagnostic(one)));
    });
    this.connection.onNotification("window/logMessage", (params) => this.output.appendLine(params.message));
    this.connection.onNotification("window/showMessage", ({ type, message }: WindowShowMessageParams) => {
      const { showErrorMessage, showWarningMessage, showInformationMessage } = vscode.window;
      void (type === 1 ? showErrorMessage : type === 2 ? showWarningMessage : showInformationMessage)(message);
    });
    this.connection.onRequest("workspace/codeLens/refresh", () => events.moved());
    this.connection.onRequest("workspace/applyEdit", async (params) =>
      ({ applied: await vscode.workspace.applyEdit(workspaceEdit(params.edit)) }));
  }

  private async initialize(): Promise<void> {
    const uri = vscode.Uri.file(this.folder).toString();
    const answer = await this.connection.request("initialize", {
      processId: process.pid, clientInfo: { name: "vscode-trimtab" }, rootUri: uri,
      workspaceFolders: [{ uri, name: basename(this.folder) }], capabilities: CAPABILITIES,
    });
    this.capabilities = answer.capabilities;
    this.connection.notify("initialized", {});
  }

  /** Whether the server has a feature, such as `hoverProvider`, once it is initialized; false where it has ended. */
  async offers(provider: string): Promise<boolean> {
    await this.ready.catch(() => undefined);
    return !this.ended && Boolean(this.capabilities[provider]);
  }

  /**
   * A request, cancelled by the editor's token; undefined where it was cancelled, overtaken by an edit, or the process has
   * ended, which is said once and not by each feature.
   */
  async request<T>(method: string, params: unknown, token?: vscode.CancellationToken): Promise<T | undefined> {
    const controller = new AbortController();
    const listener = token?.onCancellationRequested(() => controller.abort());
    try {
      await this.ready;
      return (await this.connection.request(method, params, { signal: controller.signal })) ?? undefined;
    } catch (error) {
      const { code } = error as { code?: number };
      if (this.ended || code === -32800 || code === -32801) return undefined;
      throw error;
    } finally {
      listener?.dispose();
    }
  }

  async notify(method: string, params: unknown): Promise<void> {
    await this.ready;
    this.connection.notify(method, params);
  }

  /** Carries out one of the server's commands for a manifest; unless it is quiet, the server shows what it did. */
  async execute<C extends keyof lsp.ServerCommands>(
    command: C, uri: string, quiet: boolean,
  ): Promise<lsp.ServerCommands[C]> {
    await this.ready;
    return this.connection.request(
      "workspace/executeCommand", { command, arguments: quiet ? [uri, "quiet"] : [uri] });
  }

  /** Shuts the process down; it is killed where it does not end. */
  async stop(): Promise<void> {
    if (this.stopping) return this.exited;
    this.stopping = true;
    const timer = setTimeout(() => this.process.kill(), GRACE_MILLISECONDS);
    try {
      await this.ready;
      await this.connection.request("shutdown");
      this.connection.notify("exit");
    } catch {
      this.process.kill(); // it was not initialized, or is gone
    }
    await this.exited;
    clearTimeout(timer);
  }
}
