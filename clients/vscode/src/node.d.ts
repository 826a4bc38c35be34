/** The part of Node's API that the extension uses, declared here so that nothing has to be installed to compile. */

interface Buffer extends Uint8Array {
  indexOf(value: string | number): number;
  toString(encoding?: "utf8" | "latin1", start?: number, end?: number): string;
  subarray(start?: number, end?: number): Buffer;
}
declare const Buffer: {
  from(data: string, encoding?: "utf8"): Buffer;
  concat(list: readonly Uint8Array[]): Buffer;
};

declare function setTimeout(callback: () => void, milliseconds: number): unknown;
declare function clearTimeout(timer: unknown): void;

declare class AbortSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

declare class AbortController {
  readonly signal: AbortSignal;
  abort(): void;
}

declare module "child_process" {
  interface Stream {
    on(event: "data", listener: (chunk: Buffer) => void): this;
    on(event: "error", listener: (error: Error) => void): this;
    write(data: Uint8Array): boolean;
    end(): void;
  }
  interface ChildProcess {
    readonly stdin: Stream;
    readonly stdout: Stream;
    readonly stderr: Stream;
    readonly pid?: number;
    kill(): boolean;
    on(event: "error", listener: (error: Error) => void): this;
    on(event: "exit", listener: (code: number | null, signal: string | null) => void): this;
  }
  function spawn(command: string, args: readonly string[], options: { cwd: string }): ChildProcess;
}

declare module "path" {
  function basename(path: string): string;
  function dirname(path: string): string;
}

declare module "fs" {
  function readFileSync(path: string, encoding: "utf8"): string;
}

declare const process: { readonly pid: number };
