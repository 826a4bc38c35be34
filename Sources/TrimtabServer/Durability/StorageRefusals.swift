internal import Basics
internal import JSON
internal import Journal
internal import Sessions

// Why something is not kept, as clients see it.

extension RequestError {
  /// A change through a process that only reads.
  static let readOnlyProcess = RequestError(
    .readOnly, expected: "a request that changes nothing, as this process only reads",
    found: "one that may change something",
    fix: "send it through a process that was started without --read-only")

  /// A session that a process which only reads would have to begin.
  ///
  /// - Parameter name: nil where the client left it to the server.
  static func cannotBegin(_ name: String?) -> RequestError {
    RequestError(
      .readOnly, path: "session", expected: "the name of a session that has been begun, as this process only reads",
      found: name.map { "\(Preview.quoted($0)), which has no journal with a record" } ?? "none",
      fix: "see session/list for those that have, or open it through a process that was started without --read-only")
  }

  /// A state directory that cannot be read.
  ///
  /// - Parameters:
  ///   - directory: as it was named.
  ///   - field: that named it; empty where no field did.
  init(reading error: DirectoryError, _ directory: String, field: String = "") {
    guard case .storage(let error) = error else {
      self.init(error, path: field)
      return
    }
    self.init(
      .stateUnavailable, path: field, expected: "a state directory that this process may read, with a folder sessions",
      found: "\(directory): \(error.message)",
      fix: "name the folder that a server keeps sessions in, or have one begin there: trimtab serve --state")
  }

  /// A state directory that cannot be used.
  init(_ error: DirectoryError, path: String) {
    let (expected, found, fix): (String, String, String) =
      switch error {
      case .storage(let error):
        ("a folder that this process may write to", error.message, "choose another folder, or correct its permissions")
      case .owned(let path, let process):
        (
          "a state directory that no process uses",
          "\(path), which \(process.map { "process \($0)" } ?? "another process") uses",
          "end that process, or choose another folder"
        )
      case .network(let path, let kind):
        (
          "a folder on a local file system", "\(path) on \(kind)",
          "choose a local folder, where a lock and a sync hold; --state-on-network accepts the risk"
        )
      case .exposed(let path, let mode):
        (
          "a folder that only its owner may write to", "\(path) with mode \(String(mode, radix: 8))",
          "chmod 700 the folder, or choose another"
        )
      }
    self.init(.stateUnavailable, path: path, expected: expected, found: found, fix: fix)
  }

  /// A change that was not made durable.
  init(storageFailed error: StorageError) {
    self.init(
      .storageFailed, path: "session", expected: "the change to be made durable", found: error.message,
      fix: "correct the cause, then open the session again: it goes on from what is durable")
  }

  /// A journal that a session cannot be recovered from.
  init(_ error: JournalError, session: String) {
    switch error {
    case .storage(let error): self.init(storageFailed: error)
    case .newerFormat(let path, let version):
      self.init(
        .journalUnusable, path: "session", expected: "a journal of a format up to \(JournalFile.formatVersion)",
        found: "format \(version) in \(path)", fix: "use the version of trimtab that wrote it; the file is as it was")
    case .damaged(let path, let offset, let record):
      self.init(
        .journalUnusable, path: "session", expected: "whole records",
        found: "a damaged record \(record) at byte \(offset) of \(path)",
        fix: "the file is as it was; `trimtab journal repair` keeps what is before the damage",
        details: [
          .init(key: "offset", value: .integer(Int64(offset))), .init(key: "record", value: .integer(Int64(record))),
        ])
    case .otherName(let path, let found):
      self.init(
        .journalUnusable, path: "session", expected: "the journal of \(Preview.quoted(session))",
        found: "that of \(Preview.quoted(found)) in \(path)", fix: "choose another name for the session")
    }
  }
}
