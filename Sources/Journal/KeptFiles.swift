package import Basics
internal import Synchronization

/// Files beside the journals with what would take long to compute again. Losing any loses nothing but time, so they are
/// not synced, and one that is not whole counts as not there.
///
///     frontiers/NAME.R.new          being written
///     frontiers/NAME.R.C.plans      what the session NAME computed of its inputs of revision R; C: checksum of the key
///
/// A file is the key's length (4 bytes, little-endian), the key, the contents, and the CRC-32C of all that (4 bytes).
package final class KeptFiles: Sendable {
  package static let folder = "frontiers"
  private static let ending = ".plans"
  /// Files of one session beyond these are removed, those of the oldest inputs first.
  private static let mostPerSession = 16

  private let storage: any Storage
  private let state: Mutex<State>

  private struct State {
    /// For each session, by the name of its files, the names of what is kept for it.
    var files: [String: Set<String>] = [:]
    var lastNumber = 0
  }

  init(_ storage: any Storage) {
    self.storage = storage
    var files: [String: Set<String>] = [:]
    // A folder that cannot be listed has nothing: one that an earlier version wrote, and that is only read, has none.
    for name in (try? storage.names(in: Self.folder)) ?? [] {
      if name.hasSuffix(Self.ending) {
        files[String(name.prefix { $0 != "." }), default: []].insert(name)
      } else if !storage.isReadOnly {
        // Left by a process that ended while it wrote. Where it cannot be removed it does no harm.
        try? storage.remove("\(Self.folder)/\(name)")
      }
    }
    state = Mutex(State(files: files))
  }

  /// What was kept under a key; nil where it is not there, or is not as it was written.
  package func contents(_ session: ExactString, _ revision: Int, _ key: String) -> [UInt8]? {
    let (owner, key) = (JournalName.encode(session), Array(key.utf8))
    let name = Self.name(owner, revision, key)
    guard state.withLock({ $0.files[owner]?.contains(name) ?? false }) else { return nil }
    // A file that cannot be read is one that is not there: its contents are computed again.
    guard let file = try? storage.open("\(Self.folder)/\(name)", creates: false), let count = try? file.byteCount(),
      count >= 8 + key.count
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    guard (try? bytes.withUnsafeMutableBytes({ try file.read(from: 0, into: $0) })) == count else { return nil }
    let isWhole = bytes.withUnsafeBytes {
      CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[..<(count - 4)]))
        == UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
    }
    guard isWhole, Self.prefix(key).elementsEqual(bytes[..<(4 + key.count)]) else { return nil }
    return Array(bytes[(4 + key.count)..<(count - 4)])
  }

  /// Keeps contents under a key, as far as there is room.
  package func keep(_ contents: [UInt8], _ session: ExactString, _ revision: Int, _ key: String) {
    guard !storage.isReadOnly else { return }
    let (owner, key) = (JournalName.encode(session), Array(key.utf8))
    let (name, number) = (
      Self.name(owner, revision, key),
      state.withLock { state in
        state.lastNumber += 1
        return state.lastNumber
      }
    )
    var bytes = Self.prefix(key) + contents
    let checksum = bytes.withUnsafeBytes { CRC32C.checksum($0) }
    withUnsafeBytes(of: checksum.littleEndian) { bytes.append(contentsOf: $0) }
    let partial = "\(Self.folder)/\(owner).\(number).new"
    do throws(StorageError) {
      guard let file = try storage.open(partial, creates: true) else { return }
      try bytes.withUnsafeBytes { bytes in Result { () throws(StorageError) in try file.write(bytes, at: 0) } }.get()
      try storage.rename(partial, to: "\(Self.folder)/\(name)")
    } catch {
      // As on a full disk: the next start computes it again. What is there of the file must not fill the disk further.
      try? storage.remove(partial)
      return
    }
    let surplus = state.withLock { state in
      state.files[owner, default: []].insert(name)
      let oldest = state.files[owner, default: []].sorted { Self.revision(of: $0) < Self.revision(of: $1) }
      let surplus = oldest.prefix(max(0, oldest.count - Self.mostPerSession))
      state.files[owner]?.subtract(surplus)
      return surplus
    }
    remove(surplus)
  }

  /// Removes what is kept for a session.
  package func forget(_ session: ExactString) {
    guard !storage.isReadOnly else { return }
    remove(state.withLock { $0.files.removeValue(forKey: JournalName.encode(session)) } ?? [])
  }

  private func remove(_ names: some Sequence<String>) {
    // One that stays behind is never taken for another, as its key and its plans are checked.
    for name in names { try? storage.remove("\(Self.folder)/\(name)") }
  }

  private static func name(_ owner: String, _ revision: Int, _ key: [UInt8]) -> String {
    "\(owner).\(revision).\(key.withUnsafeBytes { CRC32C.checksum($0) })\(ending)"
  }

  private static func revision(of name: String) -> Int {
    name.split(separator: ".").dropFirst().first.flatMap { Int($0) } ?? 0
  }

  private static func prefix(_ key: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt32(key.count).littleEndian) { Array($0) } + key
  }
}
