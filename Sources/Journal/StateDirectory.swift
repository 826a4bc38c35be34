package import Basics
internal import CLibrary
internal import Synchronization

/// A state directory that this process owns: which journals are in it, and where.
///
///     lock                 locked while a process owns the directory; holds its number
///     sessions/NAME.journal      the journals of sessions that are not closed
///     closed/NAME.N.journal      those of closed ones, until somebody removes them
///     damaged/NAME.N.journal     what `repair` could not keep
///     frontiers/                 ``KeptFiles``
package final class StateDirectory: Sendable {
  package static let sessions = "sessions"
  package static let closed = "closed"
  package static let damaged = "damaged"

  package let storage: any Storage
  /// Held for its lock.
  private let lock: DirectoryLock?
  private let names: Mutex<Names>
  /// What need not be computed again.
  package let keptFiles: KeptFiles

  private struct Names {
    /// The sessions with a journal that is not closed.
    var stored: Set<ExactString> = []
    /// Those of them whose journal was given up before it was known whether it has a file.
    var uncertain: Set<ExactString> = []
    /// Names of sessions that were closed.
    var closed: Set<ExactString> = []
    /// The last number that a file name in `closed` or `damaged` has.
    var lastNumber = 0
    /// Files that are no journals, or cannot be read.
    var unreadable: [String: JournalError] = [:]

    func contains(_ name: ExactString) -> Bool {
      stored.contains(name) || (!unreadable.isEmpty && unreadable[StateDirectory.path(of: name)] != nil)
    }
  }

  /// Takes over a directory of the system.
  ///
  /// - Parameters:
  ///   - path: an existing folder, or one to make in an existing folder.
  ///   - allowsNetwork: whether file systems are accepted that other machines may write to, where a lock may
  ///     exclude no other machine and a sync may store nothing.
  /// - Throws: ``DirectoryError``.
  package convenience init(_ path: String, allowsNetwork: Bool = false) throws(DirectoryError) {
    let lock = try DirectoryLock(path, allowsNetwork: allowsNetwork)
    for folder in [Self.sessions, Self.closed, Self.damaged, KeptFiles.folder] { try lock.makeFolder(folder) }
    try self.init(SystemStorage(root: lock.path), lock: lock)
  }

  /// Looks whether a directory can be used, without a change to anything.
  ///
  /// - Returns: whether a server has begun to keep sessions there.
  /// - Throws: ``DirectoryError``, but for `owned`: a process that has it is joined.
  package static func check(_ path: String, allowsNetwork: Bool = false) throws(DirectoryError) -> Bool {
    guard try DirectoryLock.check(path, allowsNetwork: allowsNetwork) else { return false }
    return access("\(path)/\(sessions)", F_OK) == 0
  }

  /// Looks at a directory that another process may own; nothing in it may be changed.
  ///
  /// - Throws: ``DirectoryError`` where it has no journals.
  package convenience init(reading path: String) throws(DirectoryError) {
    try self.init(SystemStorage(root: path, isReadOnly: true))
  }

  /// Takes over a file layer in which the folders exist; nothing else may use it.
  package init(_ storage: any Storage, lock: DirectoryLock? = nil) throws(DirectoryError) {
    self.storage = storage
    self.lock = lock
    keptFiles = KeptFiles(storage)
    do throws(StorageError) {
      names = Mutex(try Self.read(storage))
    } catch {
      throw .storage(error)
    }
  }

  private static func read(_ storage: any Storage) throws(StorageError) -> Names {
    var names = Names()
    for file in try storage.names(in: sessions) {
      let path = "\(sessions)/\(file)"
      if file.hasSuffix(CompactedFile.ending) {
        if !storage.isReadOnly { try storage.remove(path) }
      } else if file.hasSuffix(JournalName.ending) {
        do throws(JournalError) {
          let reader = try JournalReader(at: path, in: storage)
          if let name = reader.name {
            names.stored.insert(name)
          } else if case .damaged(let offset, let record)? = reader.end {
            throw .damaged(path: path, offset: offset, record: record)
          }
          // Any other file without a header was never acknowledged; it is made again when its session is opened.
        } catch {
          names.unreadable[path] = error
        }
      }
    }
    for folder in [closed, damaged] {
      for file in try storage.names(in: folder) {
        // A number that this program never came to is no reason to stop at the next one.
        let number = file.split(separator: ".").dropFirst().first.flatMap { Int32($0) } ?? 0
        names.lastNumber = max(names.lastNumber, Int(number))
        let path = "\(folder)/\(file)"
        guard folder == closed, let reader = try? JournalReader(at: path, in: storage),
          let name = reader.name
        else { continue }
        names.closed.insert(name)
      }
    }
    return names
  }

  /// Absolute and without links; nil over a file layer that is no directory of the system, or is only read.
  package var path: String? { lock?.path }

  /// The sessions that have a journal, sorted by their bytes.
  package var storedNames: [ExactString] { names.withLock { $0.stored.sorted() } }

  /// Files among the journals that cannot be read, and why.
  package var unreadable: [(path: String, error: JournalError)] {
    names.withLock { $0.unreadable.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
  }

  /// Whether a session has a journal, be it one that cannot be read.
  package func contains(_ name: ExactString) -> Bool {
    names.withLock { names in
      if names.uncertain.contains(name) {
        do throws(StorageError) {
          if try storage.open(Self.path(of: name), creates: false) == nil { names.stored.remove(name) }
          names.uncertain.remove(name)
        } catch {
          // There is something of its name, or this cannot be found out yet. Opening the session says why.
        }
      }
      return names.contains(name)
    }
  }

  /// Whether a session has or had this name.
  package func hasUsed(_ name: ExactString) -> Bool {
    names.withLock { $0.contains(name) || $0.closed.contains(name) }
  }

  package static func path(of name: ExactString) -> String {
    "\(sessions)/\(JournalName.encode(name))\(JournalName.ending)"
  }

  /// A journal for a session that has none.
  package func makeJournal(for name: ExactString) -> JournalFile {
    names.withLock { _ = $0.stored.insert(name) }
    return JournalFile(newAt: Self.path(of: name), name: name, in: storage)
  }

  /// A reader of a session's journal.
  ///
  /// - Throws: ``JournalError``.
  package func reader(of name: ExactString) throws(JournalError) -> JournalReader {
    let path = Self.path(of: name)
    let reader = try JournalReader(at: path, in: storage)
    if let found = reader.name, found != name { throw .otherName(path: path, found: found.text) }
    return reader
  }

  /// What a recovery of the session notes its progress in; nil where the files are no real ones, or there can be none.
  package func recoveryMark(for name: ExactString) -> RecoveryMark? {
    guard let storage = storage as? SystemStorage, !storage.isReadOnly else { return nil }
    return RecoveryMark(storage.absolute(Self.path(of: name) + RecoveryMark.ending))
  }

  /// Where the journal of a session goes that is closed; from now on the session has none.
  package func closedPath(for name: ExactString) -> String {
    keptFiles.forget(name)
    return names.withLock {
      $0.stored.remove(name)
      $0.closed.insert(name)
      $0.lastNumber += 1
      return "\(Self.closed)/\(JournalName.encode(name)).\($0.lastNumber)\(JournalName.ending)"
    }
  }

  /// Notes that a journal may still have its name, since it could not be ended and put aside.
  package func keep(_ journal: JournalFile) {
    do throws(StorageError) {
      guard try storage.open(journal.path, creates: false) != nil else { return }
      names.withLock { _ = $0.stored.insert(journal.name) }
    } catch {
      // It cannot be found out now, as there may be no descriptor left.
      names.withLock { names in
        names.stored.insert(journal.name)
        names.uncertain.insert(journal.name)
      }
    }
  }

  /// Where a journal goes that is repaired.
  package func damagedPath(for name: ExactString) -> String {
    names.withLock {
      $0.lastNumber += 1
      return "\(Self.damaged)/\(JournalName.encode(name)).\($0.lastNumber)\(JournalName.ending)"
    }
  }

  /// Puts a journal aside, and a copy of its first records in its place.
  ///
  /// - Parameters:
  ///   - count: how many records to keep; nil for all that are whole.
  ///   - change: what to write for a record.
  /// - Returns: where the original is now.
  /// - Throws: ``JournalError``.
  package func rewrite(
    _ name: ExactString, keeping count: Int? = nil, _ change: ([UInt8]) -> [[UInt8]] = { [$0] }
  ) throws(JournalError) -> String {
    var reader = try reader(of: name)
    let path = reader.path
    var output = JournalWriter(newAt: path + CompactedFile.ending, name: name, in: storage)
    let original = damagedPath(for: name)
    var records: [[UInt8]] = []
    while count.map({ reader.count < $0 }) ?? true, let record = try reader.next() { records += change(record) }
    do throws(StorageError) {
      // The last in a commit of its own, which vouches for those before it.
      if records.count > 1 { try output.commit(records.dropLast()) }
      if let last = records.last { try output.commit([last]) }
      try storage.rename(path, to: original)
      try storage.syncFolder(Self.damaged)
      if !records.isEmpty { try output.move(to: path) }
      try storage.syncFolder(Self.sessions)
    } catch {
      throw .storage(error)
    }
    return original
  }

  /// Forgets a session whose journal was never made.
  package func forget(_ name: ExactString) { names.withLock { _ = $0.stored.remove(name) } }

  /// Forgets the session of a journal that was given up before it had a file: there is nothing to recover.
  package func forgetUnlessMade(_ journal: JournalFile) {
    guard journal.durableRecord == 0 else { return }
    do throws(StorageError) {
      if try storage.open(journal.path, creates: false) == nil { forget(journal.name) }
    } catch {
      // It cannot be found out now, as there may be no descriptor left.
      names.withLock { _ = $0.uncertain.insert(journal.name) }
    }
  }
}

/// Why a directory cannot be used as a state directory.
package enum DirectoryError: Error, Equatable, Sendable {
  case storage(StorageError)
  /// Another process has it; its number, where it could be read.
  case owned(path: String, process: Int32?)
  /// It is on a file system that other machines may write to.
  case network(path: String, fileSystem: String)
  /// Another user could change what is in it.
  case exposed(path: String, mode: UInt32)
}
