/** The panel with the frontier and its slider. */

import * as vscode from "vscode";
import type { FrontierAnswer } from "./protocol";

/** What the page gets: an answer, of which it keeps the chosen plan while the frontier stays the same. */
export interface FrontierMessage { type: "frontier"; answer: FrontierAnswer }

/** The page; everything in it comes from the extension's folder. */
export function page(webview: Pick<vscode.Webview, "cspSource" | "asWebviewUri">, extension: vscode.Uri): string {
  const file = (...path: string[]) => webview.asWebviewUri(vscode.Uri.joinPath(extension, ...path)).toString();
  const policy = `default-src 'none'; style-src ${webview.cspSource}; script-src ${webview.cspSource};`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<title>Frontier</title>
<link rel="stylesheet" href="${file("media", "frontier.css")}">
</head>
<body>
<main id="frontier"></main>
<script src="${file("out", "webview", "frontier.js")}"></script>
</body>
</html>
`;
}

export class FrontierPanel implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private last: FrontierAnswer | undefined;
  /** The manifest whose frontier it shows. */
  manifest: vscode.TextDocument | undefined;

  constructor(private readonly extension: vscode.Uri) {}

  get isOpen(): boolean {
    return this.panel !== undefined;
  }

  open(manifest: vscode.TextDocument, answer: FrontierAnswer): void {
    this.manifest = manifest;
    if (this.panel) {
      this.panel.reveal();
      return this.show(answer);
    }
    const panel = vscode.window.createWebviewPanel("trimtab.frontier", "Frontier", vscode.ViewColumn.Beside, {
      enableScripts: true, retainContextWhenHidden: true,
      localResourceRoots: [vscode.Uri.joinPath(this.extension, "out"), vscode.Uri.joinPath(this.extension, "media")],
    });
    this.panel = panel;
    panel.onDidDispose(() => { this.panel = undefined; });
    // The page says when its script listens.
    panel.webview.onDidReceiveMessage((message) => {
      if (message.type === "ready" && this.last) this.post(this.last);
    });
    this.last = answer;
    panel.webview.html = page(panel.webview, this.extension);
    this.show(answer);
  }

  show(answer: FrontierAnswer): void {
    this.last = answer;
    if (!this.panel) return;
    this.panel.title = answer.pipeline ? `Frontier of ${answer.pipeline}` : "Frontier";
    this.post(answer);
  }

  private post(answer: FrontierAnswer): void {
    const message: FrontierMessage = { type: "frontier", answer };
    void this.panel?.webview.postMessage(message);
  }

  dispose(): void {
    this.panel?.dispose();
  }
}
