// Does with the extension what the test says, and tells what the editor would show. MANIFEST is the file, ORDERS a FIFO
// with a line of JSON for each order; what is seen goes to standard output, as lines of JSON.
"use strict";
const { spawn } = require("child_process");
const readline = require("readline");
const editor = require("./stand_in.js");
const { vscode, shown, providers } = editor;
editor.settings.set("trimtab.binary", process.env.TRIMTAB_BINARY);
if (process.env.MICROSOFT) {
  // The same extension on Microsoft's JSON-RPC client.
  const ours = require.resolve(`${process.env.PLUGIN}/out/jsonrpc.js`);
  const { ErrorCode } = require(ours);
  require.cache[ours].exports = { ErrorCode, ...require("./microsoft_connection.js")(process.env.MICROSOFT) };
}
const extension = require(`${process.env.PLUGIN}/out/extension.js`);

const tell = (what) => process.stdout.write(JSON.stringify(what) + "\n");
const last = {};
function tellChanges(name, value) {
  const text = JSON.stringify(value);
  if (last[name] === text) return;
  last[name] = text;
  tell({ [name]: value });
}
const NO_TOKEN = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose() {} }) };
const context = { subscriptions: [], extensionUri: vscode.Uri.file(process.env.PLUGIN) };

editor.diagnosed.event(() => tellChanges("diagnostics", diagnostics().map((one) => ({
  line: one.range.start.line, character: one.range.start.character, message: one.message }))));
const diagnostics = () => shown.diagnostics.get(document.uri.fsPath) ?? [];
let document;

/** What the editor does when a provider says that its lenses have changed: it asks again. */
let asking = false, again = false;
async function look() {
  if (asking) { again = true; return; }
  asking = true;
  try {
    do {
      again = false;
      const lines = new Map();
      for (const one of await providers.codeLens.provideCodeLenses(document, NO_TOKEN) ?? []) {
        const { line } = one.range.start;
        lines.set(line, [...(lines.get(line) ?? []), one.command.title]);
      }
      tellChanges("beside", [...lines].sort((a, b) => a[0] - b[0]).map(([line, texts]) => ({ line, text: texts.join(" · ") })));
      tellChanges("status", { text: shown.status.text, tooltip: shown.status.tooltip?.value ?? shown.status.tooltip ?? "" });
      tellChanges("tree", shown.tree.provider.getChildren().map((one) => {
        const item = shown.tree.provider.getTreeItem(one);
        return `${item.label}: ${item.description}`;
      }));
    } while (again);
  } catch (error) {
    tell({ failure: String(error) });
  } finally {
    asking = false;
  }
}

const orders = {
  async act({ line, pattern }) {
    const here = new vscode.Range(new vscode.Position(line, 0), new vscode.Position(line, 200));
    const actions = await providers.codeAction.provideCodeActions(
      document, here, { diagnostics: diagnostics().filter((one) => one.range.start.line === line) }, NO_TOKEN) ?? [];
    const action = actions.find((one) => new RegExp(pattern).test(one.title.toLowerCase()) && one.edit);
    if (action) {
      await vscode.workspace.applyEdit(action.edit);
      editor.save(document);
    }
    tell({ text: document.getText(), action: action?.title, kind: action?.kind?.value,
      fixes: action?.diagnostics?.length, actions: actions.map((one) => one.title) });
  },
  async hover({ line, character }) {
    const found = await providers.hover.provideHover(document, new vscode.Position(line, character), NO_TOKEN);
    tell({ hover: found?.contents.value ?? "" });
  },
  async insert() { await vscode.commands.executeCommand("trimtab.insertSuggestion"); },
  save() { editor.save(document); tell({ text: document.getText() }); },
  text() { tell({ text: document.getText() }); },
  async run({ command }) {
    await vscode.commands.executeCommand(command, document.uri.toString());
    const panel = shown.panels[shown.panels.length - 1];
    tell({ messages: shown.messages.splice(0), panel: panel && { title: panel.title, posted: panel.posted.length,
      last: panel.posted[panel.posted.length - 1] } });
  },
  /** The tree with its tooltips, or the message of the suggestion. */
  async view({ command }) {
    if (command === "ranking") {
      const items = shown.tree.provider.getChildren().map((one) => shown.tree.provider.getTreeItem(one));
      tell({ view: items.map((one) => one.tooltip.value.replace(/\*/g, "").replace(/\s*\n/g, "; ").replace(".", "")) });
    } else {
      await vscode.commands.executeCommand(`trimtab.${command}`);
      tell({ view: shown.messages.map((one) => one.text) });
    }
  },
  /** Types over the line with this number. */
  async type({ line, text }) {
    const edit = new vscode.WorkspaceEdit(), end = document.getText().split("\n")[line].length;
    const range = new vscode.Range(new vscode.Position(line, 0), new vscode.Position(line, end));
    edit.set(document.uri, [vscode.TextEdit.replace(range, text)]);
    await vscode.workspace.applyEdit(edit);
  },
  bar() { tell({ bar: { text: shown.status.text, tooltip: shown.status.tooltip, command: shown.status.command } }); },
  async restart() { await vscode.commands.executeCommand("trimtab.restart"); tell({ restarted: true }); },
  async quit() {
    await extension.deactivate();
    tell({ output: shown.output, messages: shown.messages });
    clearInterval(told);
    cat.kill();
  },
};

extension.activate(context);
document = editor.open(process.env.MANIFEST);
providers.codeLens.onDidChangeCodeLenses(() => void look());
// The status bar and the tree follow by themselves; this only tells of them.
const told = setInterval(() => void look(), 100);
// A read of the FIFO by this process would keep it from ending.
const cat = spawn("cat", [process.env.ORDERS], { stdio: ["ignore", "pipe", "inherit"] });
readline.createInterface({ input: cat.stdout }).on("line", (line) => {
  const order = JSON.parse(line);
  Promise.resolve(orders[order.do](order)).catch((error) => tell({ failure: String(error.stack) }));
});
