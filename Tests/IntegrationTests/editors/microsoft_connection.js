// Microsoft's vscode-jsonrpc with the interface of the extension's jsonrpc.ts, to compare them and to run the extension on it.
"use strict";
const { PassThrough, Writable } = require("stream");

module.exports = function (library) {
  const rpc = require(`${library}/vscode-jsonrpc/lib/node/main.js`);

  class Connection {
    constructor(write, failed) {
      this.input = new PassThrough();
      const output = new Writable({ write(chunk, _, done) { write(chunk); done(); } });
      this.connection = rpc.createMessageConnection(
        new rpc.StreamMessageReader(this.input), new rpc.StreamMessageWriter(output));
      this.connection.onError(([error]) => failed(error));
      this.ended = new Promise((_, reject) => { this.end = reject; });
      this.ended.catch(() => undefined);
      this.connection.listen();
    }
    receive(chunk) { this.input.write(chunk); }
    onRequest(method, handler) { this.connection.onRequest(method, async (params) => (await handler(params)) ?? null); }
    onNotification(method, handler) { this.connection.onNotification(method, handler); }
    onProgress(token, handler) {
      const listener = this.connection.onProgress(new rpc.ProgressType(), token, handler);
      return () => listener.dispose();
    }
    request(method, params, { signal } = {}) {
      const source = new rpc.CancellationTokenSource();
      signal?.addEventListener("abort", () => source.cancel());
      const sent = params === undefined ? this.connection.sendRequest(method, source.token)
        : this.connection.sendRequest(method, params, source.token);
      return Promise.race([sent, this.ended]);
    }
    notify(method, params) {
      void (params === undefined ? this.connection.sendNotification(method) : this.connection.sendNotification(method, params));
    }
    close(error) {
      this.end(error);
      this.connection.dispose();
    }
  }
  return { rpc, Connection, RPCError: class { constructor(code, message, data) {
    return new rpc.ResponseError(code, message, data); } } };
};
