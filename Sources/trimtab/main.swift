// The command line: `trimtab serve` speaks JSON-RPC, other commands answer once from files.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

exit(runCommandLine(Array(CommandLine.arguments.dropFirst())))
