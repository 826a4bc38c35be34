// A server on Microsoft's vscode-jsonrpc that answers `session/list` as a server without sessions does:
// node vscode_sessions.js FOLDER
"use strict";
const rpc = require(`${process.argv[2]}/vscode-jsonrpc/lib/node/main.js`);
const connection = rpc.createMessageConnection(
  new rpc.StreamMessageReader(process.stdin), new rpc.StreamMessageWriter(process.stdout));
connection.onRequest("initialize", () => ({ capabilities: {} }));
connection.onRequest("session/list", () => ({ sessions: [] }));
connection.onClose(() => process.exit(0));
connection.listen();
