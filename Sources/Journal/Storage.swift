/// Why the file layer could not do what it was asked.
package struct StorageError: Error, Equatable, Sendable {
  package enum Kind: String, Sendable {
    /// A call of the system failed; `number` is its `errno`.
    case failed
    /// The file no longer has its name: it or its folder was removed or replaced.
    case removed
    /// The journal was given up after an earlier failure; nothing more is written to it.
    case givenUp
  }

  package let kind: Kind
  /// What was tried, such as "write".
  package let operation: String
  package let path: String
  package let number: Int32
  /// The reason, for a person.
  package let found: String

  package init(_ kind: Kind, _ operation: String, _ path: String, number: Int32 = 0, found: String) {
    (self.kind, self.operation, self.path, self.number, self.found) = (kind, operation, path, number, found)
  }

  package var message: String { "\(operation) \(path): \(found)" }
}

/// The file layer beneath journals: what they ask of the system, so that a test can forget, tear and fail instead.
///
/// Paths are relative to a state directory. Nothing is durable before the sync that follows it: contents by
/// ``StorageFile/sync()``, names by ``syncFolder(_:)``.
package protocol Storage: AnyObject, Sendable {
  /// Whether files are only read.
  var isReadOnly: Bool { get }
  /// Opens a file for reading and writing; nil where there is none and `creates` is false.
  func open(_ path: String, creates: Bool) throws(StorageError) -> (any StorageFile)?
  /// Gives a file another name, in the place of what had it.
  func rename(_ path: String, to newPath: String) throws(StorageError)
  func remove(_ path: String) throws(StorageError)
  /// The names in a folder, in any order.
  func names(in folder: String) throws(StorageError) -> [String]
  /// Makes the names in a folder durable.
  func syncFolder(_ folder: String) throws(StorageError)
  /// Whether `path` leads to this file now.
  func leads(_ path: String, to file: any StorageFile) -> Bool
}

/// An open file; closed when nothing refers to it any more.
package protocol StorageFile: AnyObject, Sendable {
  func byteCount() throws(StorageError) -> Int
  /// Reads up to the end of the file or of the buffer, and gives the number of bytes.
  func read(from offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) -> Int
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StorageError)
  /// Makes the contents and the size durable.
  func sync() throws(StorageError)
  /// Cuts the file to a size.
  func cut(to byteCount: Int) throws(StorageError)
}

extension Storage {
  package var isReadOnly: Bool { false }

  /// The file, which must be there.
  package func existing(_ path: String) throws(StorageError) -> any StorageFile {
    if let file = try open(path, creates: false) { return file }
    throw StorageError(.removed, "open", path, found: "no such file")
  }
}
