package import Basics
package import Files
package import Representations

extension Representation {
  /// Copies a `.npy` file into memory, so that nothing that happens to the file afterwards changes an answer.
  ///
  /// The header and the size of the file are checked before memory is taken, and the memory against the budget.
  ///
  /// - Parameter field: the param that names the file, for errors.
  /// - Throws: ``RequestError`` of kind `unreadableFile` or `invalidRepresentation`.
  /// - Complexity: O(bytes).
  package init(npy file: OpenFile, field: String, memory: MemoryBudget) throws(RequestError) {
    do {
      var start = [UInt8](repeating: 0, count: min(file.byteCount, NPYHeader.maximumByteCount))
      try start.withUnsafeMutableBytes { try file.read(from: 0, into: $0) }
      let header = try NPYHeader(start)
      let byteCount = file.byteCount - header.byteCount
      try Self.check(byteCount: byteCount, header.elementType, shape: header.shape)
      let storage = try ByteStorage(count: byteCount, memory: memory) { (buffer) throws(FileError) in
        try file.read(from: header.byteCount, into: buffer)
        try file.checkUnchanged()
      }
      guard let storage else { throw RepresentationError.memory(byteCount, memory) }
      try self.init(
        storage, elementType: header.elementType, isBigEndian: header.isBigEndian, shape: header.shape)
    } catch let error as FileError {
      throw RequestError(error, field: field)
    } catch let error as RepresentationError {
      throw RequestError(error, path: field)
    } catch {
      preconditionFailure("an error of another type: \(error)")
    }
  }
}
