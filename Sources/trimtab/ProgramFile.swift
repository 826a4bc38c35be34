internal import CLibrary

/// The file of this program, whatever it was called by: a shell that finds it on the PATH gives its bare name.
enum ProgramFile {
  /// Absolute and without links; nil where the system does not say, or the file has been removed since.
  static let path: String? = realpath("/proc/self/exe", nil).map { resolved in
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// ``path``, else what it was called by.
  static var pathOrName: String { path ?? CommandLine.arguments.first ?? "trimtab" }
}
