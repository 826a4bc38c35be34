// What vscode-jsonrpc finds of a server at fault: node faulty_servers.js FOLDER [SECONDS,...] COMMAND
"use strict";
const { spawn } = require("child_process");
const [, , folder, patience, command] = process.argv;
const rpc = require(`${folder}/vscode-jsonrpc/lib/node/main.js`);

async function main() {
  const [program, ...args] = JSON.parse(command);
  const server = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const connection = rpc.createMessageConnection(
    new rpc.StreamMessageReader(server.stdout), new rpc.StreamMessageWriter(server.stdin));
  const broken = new Promise((resolve) => {
    connection.onError(() => resolve("failed"));
    connection.onClose(() => resolve("failed"));
  });
  connection.listen();
  await connection.sendRequest("initialize", { processId: null, capabilities: {} });
  await connection.sendNotification("initialized", {});
  const found = [];
  for (const seconds of JSON.parse(patience)) {
    const answer = connection.sendRequest("session/list", {}).then(
      () => "answered", (error) => (error instanceof rpc.ResponseError ? "refused" : "failed"));
    const late = new Promise((resolve) => setTimeout(() => resolve("silent"), 1000 * seconds));
    found.push(await Promise.race([answer, broken, late]));
  }
  console.log(JSON.stringify(found));
  server.kill();
  process.exit(0);
}

main();
