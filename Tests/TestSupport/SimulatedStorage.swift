internal import Basics
package import Journal
internal import Synchronization

/// A file layer in memory that behaves as badly as a disk may: at a power loss it forgets, tears and reorders what was
/// not synced, contents and names alike, and it fails where the test asks for it.
///
/// Contents survive a power loss sector by sector, each of those not synced or not. Names survive as a prefix of their
/// changes, as in a file system that keeps a journal of its own. A sync that fails leaves the contents readable but
/// stored only in part, and a later sync does not store them, as Linux has it.
package final class SimulatedStorage: Storage {
  package enum Point: String, CaseIterable, Sendable {
    case write, sync, rename, syncFolder
  }

  private static let sector = 512

  fileprivate struct Contents {
    var now: [UInt8] = []
    var durable: [UInt8] = []
    var unsynced: [Change] = []

    enum Change {
      case write([UInt8], at: Int)
      case cut(to: Int)
    }
  }

  fileprivate enum NameChange {
    case set(String, Int)
    case remove(String)
    case rename(String, String)
  }

  fileprivate struct State {
    var files: [Int: Contents] = [:]
    var names: [String: Int] = [:]
    var durableNames: [String: Int] = [:]
    var nameChanges: [NameChange] = []
    var lastFile = 0
    var operationCount = 0
    var crashAt: Int?
    var failures: [Int: Int32] = [:]
    var crashPoint: Point?
    var crashPath: String?
    var random: SplitMix64
  }

  private let state: Mutex<State>

  package init(seed: UInt64) { state = Mutex(State(random: SplitMix64(seed: seed))) }

  /// Writes, syncs and changes of names so far.
  package var operationCount: Int { state.withLock { $0.operationCount } }

  /// Where the process was when it ended; nil while it has not.
  package var crashPoint: Point? { state.withLock { $0.crashPoint } }

  /// The file or folder that it was at.
  package var crashPath: String? { state.withLock { $0.crashPath } }

  /// Has the process end at an operation, which takes place in part.
  package func crash(at operation: Int?) { state.withLock { $0.crashAt = operation } }

  /// Has an operation fail with an error number.
  package func fail(at operation: Int, with number: Int32) { state.withLock { $0.failures[operation] = number } }

  package func failNothing() { state.withLock { $0.failures = [:] } }

  /// What a new process finds: everything that was written, or after a power loss what of it the disk has.
  package func restart(losesPower: Bool) {
    state.withLock { state in
      if losesPower {
        for id in state.files.keys.sorted() {
          for change in state.files[id]!.unsynced { state.persistInPart(change, of: id) }
          state.files[id]!.unsynced = []
          state.files[id]!.now = state.files[id]!.durable
        }
        state.persistNames(count: state.random.index(below: state.nameChanges.count + 1))
        state.names = state.durableNames
        state.nameChanges = []
      }
      (state.crashAt, state.crashPoint, state.crashPath, state.failures) = (nil, nil, nil, [:])
    }
  }

  /// Changes a byte of a file, durably, as a failing disk may.
  package func damage(_ path: String, at offset: Int) {
    state.withLock { state in
      guard let id = state.names[path] else { return }
      state.files[id]!.now[offset] ^= 0x40
      if offset < state.files[id]!.durable.count { state.files[id]!.durable[offset] ^= 0x40 }
    }
  }

  /// The contents of a file, as a process reads them.
  package func contents(of path: String) -> [UInt8]? {
    state.withLock { state in state.names[path].flatMap { state.files[$0]?.now } }
  }

  package func open(_ path: String, creates: Bool) throws(StorageError) -> (any StorageFile)? {
    let id: Int? = state.withLock { state in
      if let id = state.names[path] { return id }
      guard creates else { return nil }
      state.lastFile += 1
      state.files[state.lastFile] = Contents()
      state.names[path] = state.lastFile
      state.nameChanges.append(.set(path, state.lastFile))
      return state.lastFile
    }
    return id.map { SimulatedFile($0, path: path, self) }
  }

  package func rename(_ path: String, to newPath: String) throws(StorageError) {
    try operate(.rename, path) { state, isComplete in
      guard isComplete || state.random.next() & 1 == 0, let id = state.names.removeValue(forKey: path) else { return }
      state.names[newPath] = id
      state.nameChanges.append(.rename(path, newPath))
    }
  }

  package func remove(_ path: String) throws(StorageError) {
    state.withLock { state in
      if state.names.removeValue(forKey: path) != nil { state.nameChanges.append(.remove(path)) }
    }
  }

  package func names(in folder: String) throws(StorageError) -> [String] {
    state.withLock { state in
      state.names.keys.filter { $0.hasPrefix(folder + "/") }.map { String($0.dropFirst(folder.count + 1)) }.sorted()
    }
  }

  package func syncFolder(_ folder: String) throws(StorageError) {
    try operate(.syncFolder, folder) { state, isComplete in
      let count = state.nameChanges.count
      state.persistNames(count: isComplete ? count : state.random.index(below: count + 1))
    }
  }

  package func leads(_ path: String, to file: any StorageFile) -> Bool {
    guard let file = file as? SimulatedFile else { return false }
    return state.withLock { $0.names[path] == file.id }
  }

  fileprivate func byteCount(_ id: Int) -> Int { state.withLock { $0.files[id]!.now.count } }

  fileprivate func read(_ id: Int, from offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let bytes = state.withLock { Array($0.files[id]!.now.dropFirst(offset).prefix(buffer.count)) }
    buffer.copyBytes(from: bytes)
    return bytes.count
  }

  fileprivate func write(_ id: Int, _ path: String, _ bytes: [UInt8], at offset: Int) throws(StorageError) {
    try operate(.write, path) { state, isComplete in
      // A write that fails may have taken place up to any byte.
      let count = isComplete ? bytes.count : state.random.index(below: bytes.count + 1)
      state.files[id]!.apply(.write(Array(bytes[..<count]), at: offset))
    }
  }

  fileprivate func cut(_ id: Int, _ path: String, to byteCount: Int) throws(StorageError) {
    try operate(.write, path) { state, isComplete in
      if isComplete { state.files[id]!.apply(.cut(to: byteCount)) }
    }
  }

  fileprivate func sync(_ id: Int, _ path: String) throws(StorageError) {
    try operate(.sync, path) { state, isComplete in
      if isComplete {
        state.files[id]!.durable = state.files[id]!.now
      } else {
        for change in state.files[id]!.unsynced { state.persistInPart(change, of: id) }
      }
      state.files[id]!.unsynced = []
    }
  }

  private func operate(
    _ point: Point, _ path: String, _ body: (inout State, _ isComplete: Bool) -> Void
  ) throws(StorageError) {
    let error: StorageError? = state.withLock { state in
      func failure(_ number: Int32) -> StorageError {
        StorageError(.failed, point == .syncFolder ? "sync" : point.rawValue, path, number: number, found: "simulated")
      }
      if state.crashPoint != nil { return failure(0) }
      let operation = state.operationCount
      state.operationCount += 1
      if state.crashAt == operation {
        (state.crashPoint, state.crashPath) = (point, path)
        body(&state, false)
        return failure(0)
      }
      if let number = state.failures[operation] {
        body(&state, false)
        return failure(number)
      }
      body(&state, true)
      return nil
    }
    if let error { throw error }
  }
}

extension SimulatedStorage.State {
  /// Stores some sectors of a change.
  mutating func persistInPart(_ change: SimulatedStorage.Contents.Change, of id: Int) {
    // None, some or nearly all.
    let share = [0, 0.5, 0.9, 1][random.index(below: 4)]
    switch change {
    case .cut: if random.unitFraction() < share { files[id]!.persist(change) }
    case .write(let bytes, let offset):
      var start = 0
      while start < bytes.count {
        let end = min(bytes.count, ((offset + start) / 512 + 1) * 512 - offset)
        if random.unitFraction() < share {
          files[id]!.persist(.write(Array(bytes[start..<end]), at: offset + start))
        }
        start = end
      }
    }
  }

  mutating func persistNames(count: Int) {
    for change in nameChanges.prefix(count) {
      switch change {
      case .set(let path, let id): durableNames[path] = id
      case .remove(let path): durableNames[path] = nil
      case .rename(let path, let newPath): durableNames[newPath] = durableNames.removeValue(forKey: path)
      }
    }
    nameChanges.removeFirst(count)
  }
}

extension SimulatedStorage.Contents {
  mutating func apply(_ change: Change) {
    Self.apply(change, to: &now)
    unsynced.append(change)
  }

  mutating func persist(_ change: Change) { Self.apply(change, to: &durable) }

  private static func apply(_ change: Change, to bytes: inout [UInt8]) {
    switch change {
    case .write(let new, let offset):
      if bytes.count < offset + new.count { bytes += repeatElement(0, count: offset + new.count - bytes.count) }
      bytes.replaceSubrange(offset..<offset + new.count, with: new)
    case .cut(let count):
      if bytes.count > count { bytes.removeSubrange(count...) }
    }
  }
}

private final class SimulatedFile: StorageFile {
  let id: Int
  private let path: String
  private let storage: SimulatedStorage

  init(_ id: Int, path: String, _ storage: SimulatedStorage) {
    (self.id, self.path, self.storage) = (id, path, storage)
  }

  func byteCount() throws(StorageError) -> Int { storage.byteCount(id) }

  func read(from offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) -> Int {
    storage.read(id, from: offset, into: buffer)
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StorageError) {
    try storage.write(id, path, Array(bytes), at: offset)
  }

  func sync() throws(StorageError) { try storage.sync(id, path) }

  func cut(to byteCount: Int) throws(StorageError) { try storage.cut(id, path, to: byteCount) }
}
