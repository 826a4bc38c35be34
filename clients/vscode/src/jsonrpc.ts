/**
 * A JSON-RPC 2.0 connection with the Language Server Protocol's framing, cancellation and progress.
 *
 * It sends the messages that Microsoft's vscode-jsonrpc sends, which the tests compare.
 */

export interface ResponseError {
  code: number;
  message: string;
  data?: unknown;
}

/** An answer that is an error; `data` has the facts. */
export class RPCError extends Error {
  constructor(readonly code: number, message: string, readonly data?: unknown) {
    super(message);
    this.name = "RPCError";
  }
}

export const ErrorCode = { methodNotFound: -32601, internalError: -32603, requestCancelled: -32800 } as const;

interface Message {
  jsonrpc: "2.0";
  id?: number | string | null;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: ResponseError;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export interface RequestOptions {
  /** Cancels the request; the server then answers with `ErrorCode.requestCancelled`. */
  signal?: AbortSignal;
}

export type RequestHandler = (params: any) => unknown;
export type NotificationHandler = (params: any) => void;

export class Connection {
  private readonly pending = new Map<number | string, Pending>();
  private readonly requestHandlers = new Map<string, RequestHandler>();
  private readonly notificationHandlers = new Map<string, NotificationHandler>();
  private readonly progressHandlers = new Map<string | number, (value: any) => void>();
  private chunks: Uint8Array[] = [];
  private received = 0;
  /** How many bytes must be there before it is worth a look: those of the message that is coming. */
  private needed = 0;
  private lastId = -1;
  private closed: Error | undefined;

  /** `write` sends bytes; `failed` hears of bytes that are no message, after which the connection is closed. */
  constructor(private readonly write: (data: Uint8Array) => void, private readonly failed: (error: Error) => void) {}

  onRequest(method: string, handler: RequestHandler): void {
    this.requestHandlers.set(method, handler);
  }

  onNotification(method: string, handler: NotificationHandler): void {
    this.notificationHandlers.set(method, handler);
  }

  /** Hears the values of `$/progress` with this token, until the returned function is called. */
  onProgress(token: string | number, handler: (value: any) => void): () => void {
    this.progressHandlers.set(token, handler);
    return () => void this.progressHandlers.delete(token);
  }

  request(method: string, params?: unknown, options: RequestOptions = {}): Promise<any> {
    if (this.closed) return Promise.reject(this.closed);
    const id = ++this.lastId;
    const { signal } = options;
    const cancel = () => this.notify("$/cancelRequest", { id });
    return new Promise<unknown>((resolve, reject) => {
      // Known before it is sent, since the answer may come within write().
      this.pending.set(id, { resolve, reject });
      this.send({ jsonrpc: "2.0", id, method, params });
      if (signal?.aborted) cancel();
      signal?.addEventListener("abort", cancel);
    }).finally(() => signal?.removeEventListener("abort", cancel));
  }

  notify(method: string, params?: unknown): void {
    if (!this.closed) this.send({ jsonrpc: "2.0", method, params });
  }

  /** Takes bytes that have come, of any part of one or several messages. */
  receive(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.received += chunk.length;
    while (this.received > 0 && this.received >= this.needed) {
      const buffer = Buffer.concat(this.chunks);
      this.chunks = [buffer];
      const end = buffer.indexOf("\r\n\r\n");
      if (end < 0) {
        this.needed = this.received + 1;
        return;
      }
      const header = buffer.toString("latin1", 0, end);
      const length = /(?:^|\r\n)content-length:[ \t]*(\d+)/i.exec(header);
      if (!length) return this.fail(new Error(`no Content-Length in ${JSON.stringify(header)}`));
      const start = end + 4;
      const stop = start + Number(length[1]);
      this.needed = stop;
      if (buffer.length < stop) return;
      this.chunks = [buffer.subarray(stop)];
      this.received -= stop;
      this.needed = 0;
      let message: Message;
      try {
        message = JSON.parse(buffer.toString("utf8", start, stop));
      } catch (error) {
        return this.fail(new Error(`not JSON: ${String(error)}`));
      }
      this.handle(message);
    }
  }

  /** Ends the connection: every request under way, and every later one, fails with this error. */
  close(error: Error): void {
    if (this.closed) return;
    this.closed = error;
    for (const one of this.pending.values()) one.reject(error);
    this.pending.clear();
  }

  private fail(error: Error): void {
    this.close(error);
    this.failed(error);
  }

  private send(message: Message): void {
    const body = Buffer.from(JSON.stringify(message), "utf8");
    this.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
  }

  private handle(message: Message): void {
    if (message.method === undefined) {
      const pending = this.pending.get(message.id as number);
      if (!pending) return; // an answer to nothing, such as a parse error with id null
      this.pending.delete(message.id as number);
      const { error } = message;
      if (error) pending.reject(new RPCError(error.code, error.message, error.data));
      else pending.resolve(message.result);
    } else if (message.id === undefined) {
      this.handleNotification(message.method, message.params);
    } else {
      void this.handleRequest(message.id, message.method, message.params);
    }
  }

  private handleNotification(method: string, params: any): void {
    if (method === "$/progress") this.progressHandlers.get(params.token)?.(params.value);
    else this.notificationHandlers.get(method)?.(params);
  }

  private async handleRequest(id: number | string | null, method: string, params: unknown): Promise<void> {
    const handler = this.requestHandlers.get(method);
    let answer: Pick<Message, "result" | "error">;
    if (!handler) {
      answer = { error: { code: ErrorCode.methodNotFound, message: `no method ${method}` } };
    } else {
      try {
        answer = { result: (await handler(params)) ?? null };
      } catch (error) {
        const { code, message, data } = error instanceof RPCError ? error
          : { code: ErrorCode.internalError, message: String(error), data: undefined };
        answer = { error: { code, message, data } };
      }
    }
    if (!this.closed) this.send({ jsonrpc: "2.0", id, ...answer });
  }
}
