// The command line: `trimtab serve` speaks JSON-RPC, other commands answer once from files.

internal import CLibrary

exit(runCommandLine(Array(CommandLine.arguments.dropFirst())))
