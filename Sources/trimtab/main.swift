// The command line: `trimtab serve` speaks JSON-RPC, `trimtab frontier` answers once from a file.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

exit(runCommandLine(Array(CommandLine.arguments.dropFirst())))
