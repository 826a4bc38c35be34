// The story through Microsoft's vscode-jsonrpc: node vscode_jsonrpc.js FOLDER STORY, where FOLDER has the library.
"use strict";
const { spawn } = require("child_process");
const { readFileSync } = require("fs");
const [, , folder, file] = process.argv;
const rpc = require(`${folder}/vscode-jsonrpc/lib/node/main.js`);
const story = JSON.parse(readFileSync(file, "utf8"));

async function main() {
  const server = spawn(story.command[0], story.command.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
  const exit = new Promise((resolve) => server.on("exit", resolve));
  const connection = rpc.createMessageConnection(
    new rpc.StreamMessageReader(server.stdout), new rpc.StreamMessageWriter(server.stdin));
  connection.listen();
  const failure = (request) => request.then(
    () => ({ code: 0 }), (error) => ({ code: error.code, message: error.message, data: error.data }));
  const told = { initialize: await connection.sendRequest("initialize", story.initialize), answers: [] };
  await connection.sendNotification("initialized", {});
  for (const [method, params] of story.calls) told.answers.push(await connection.sendRequest(method, params));

  const progress = new rpc.ProgressType();
  told.progress = [];
  const short = connection.onProgress(progress, "short", (value) => told.progress.push(value.kind));
  told.answer = await connection.sendRequest(...story.progress);
  short.dispose();

  const source = new rpc.CancellationTokenSource();
  connection.onProgress(progress, "long", () => source.cancel());
  told.cancelled = (await failure(connection.sendRequest(...story.long, source.token))).code;
  told.refused = await failure(connection.sendRequest(...story.refused));

  await connection.sendRequest("shutdown");
  await connection.sendNotification("exit");
  told.exit = await exit;
  connection.dispose();
  console.log(JSON.stringify(told));
}

main().catch((error) => { console.error(error); process.exit(1); });
