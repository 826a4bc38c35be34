// One conversation through two clients: the extension's own and Microsoft's. Prints what each of them sent and got.
// node compare_connections.js EXTENSION LIBRARY, where EXTENSION has jsonrpc.js and LIBRARY vscode-jsonrpc.
"use strict";
const { PassThrough } = require("stream");
const [, , extension, library] = process.argv;
const theirs = require("./microsoft_connection.js")(library);
const ours = require(`${extension}/jsonrpc.js`);
const { rpc } = theirs;

/** Everything that has been written to a stream, as messages. */
function recorded(stream) {
  const chunks = [];
  stream.on("data", (chunk) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("utf8").split(/Content-Length: \d+\r\n\r\n/).filter(Boolean).map(JSON.parse);
}

/** A connection on two streams; it gets a byte at a time, so that no message comes whole. */
function connected({ Connection, RPCError }, input, output) {
  const connection = new Connection((data) => void output.write(data), (error) => { throw error; });
  input.on("data", (chunk) => { for (const byte of chunk) connection.receive(Buffer.from([byte])); });
  connection.error = (...given) => new RPCError(...given);
  return connection;
}

async function converse(library) {
  const down = new PassThrough(), up = new PassThrough(), heard = [];
  const sent = recorded(up);
  const server = rpc.createMessageConnection(new rpc.StreamMessageReader(up), new rpc.StreamMessageWriter(down));
  server.onRequest("echo", (params) => params);
  server.onRequest("nothing", () => null);
  server.onRequest("refuse", () => new rpc.ResponseError(2005, "too fast", { kind: "deadlineBelowMinimum", é: "✓" }));
  const cancelled = new rpc.ResponseError(-32800, "cancelled");
  server.onRequest("wait", (_, token) => token.isCancellationRequested ? cancelled
    : new Promise((resolve) => token.onCancellationRequested(() => resolve(cancelled))));
  server.onRequest("work", async (params) => {
    for (const percentage of [0, 50, 100]) await server.sendProgress(new rpc.ProgressType(), params.token, { percentage });
    return "done";
  });
  const noted = new Promise((resolve) => server.onNotification("note", resolve));
  server.listen();

  const client = connected(library, down, up);
  const failure = (request) => request.then(() => "no error", ({ code, message, data }) => ({ code, message, data }));
  client.onRequest("ask", (params) => ({ asked: params }));
  client.onRequest("askForNothing", () => undefined);
  client.onRequest("askTheImpossible", () => { throw client.error(17, "no", { why: "é" }); });
  client.onNotification("told", (params) => heard.push(["told", params]));

  heard.push(await client.request("echo", { text: "Größe ✓ 😀", list: [1, null, {}] }));
  heard.push(await client.request("nothing"));
  heard.push(await failure(client.request("refuse", {})));
  heard.push((await failure(client.request("none", {}))).code);
  const controller = new AbortController();
  const waiting = failure(client.request("wait", {}, { signal: controller.signal }));
  controller.abort();
  heard.push((await waiting).code);
  const stop = client.onProgress("t", (value) => heard.push(["progress", value]));
  heard.push(await client.request("work", { token: "t" }));
  stop();
  heard.push(await client.request("work", { token: "t" }));
  client.notify("note", { a: 1 });
  heard.push(["noted", await noted]);
  await server.sendNotification("told", { b: [2] });
  heard.push(await server.sendRequest("ask", { c: 3 }), await server.sendRequest("askForNothing", null));
  heard.push(await failure(server.sendRequest("askTheImpossible", {})));
  heard.push((await failure(server.sendRequest("askNobody", {}))).code);
  heard.push(await Promise.all([...Array(200).keys()].map((n) => client.request("echo", { n, text: "x".repeat(n * 50) }))));
  server.dispose();
  return { heard, sent: sent().map(comparable) };
}

/** What must be the same; the wording of an unknown method is each library's own. */
function comparable(message) {
  if (message.error?.code === -32601) message.error = { code: -32601 };
  return message;
}

async function main() {
  console.log(JSON.stringify({ ours: await converse(ours), microsoft: await converse(theirs) }));
}

main().catch((error) => { console.error(error); process.exit(1); });
