internal import CLibrary

/// Sends and receives open files over Unix sockets (SCM_RIGHTS), beside bytes of the stream.
enum FilePassing {
  // cmsghdr of <sys/socket.h>, whose macros are hidden from Swift: length, level, type, then the descriptors.
  #if canImport(Darwin)
    private static let headerByteCount = 12
  #else
    private static let headerByteCount = 16
  #endif
  private static let rightsType: Int32 = 1
  /// More than one message brings, as each carries one file.
  private static let receivedCount = 8

  /// Sends bytes, with a file beside the first of them.
  ///
  /// - Returns: as `sendmsg`.
  static func send(_ bytes: UnsafeRawBufferPointer, file: Int32, to socket: Int32) -> Int {
    let count = headerByteCount + MemoryLayout<Int32>.size
    return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { control in
      control.initializeMemory(as: UInt8.self, repeating: 0)
      #if canImport(Darwin)
        control.storeBytes(of: UInt32(count), as: UInt32.self)
      #else
        control.storeBytes(of: count, as: Int.self)
      #endif
      control.storeBytes(of: SOL_SOCKET, toByteOffset: headerByteCount - 8, as: Int32.self)
      control.storeBytes(of: rightsType, toByteOffset: headerByteCount - 4, as: Int32.self)
      control.storeBytes(of: file, toByteOffset: headerByteCount, as: Int32.self)
      var part = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
      return withUnsafeMutablePointer(to: &part) { part in
        var message = msghdr()
        message.msg_iov = part
        message.msg_iovlen = 1
        message.msg_control = control.baseAddress
        // CMSG_SPACE: a whole number of words.
        message.msg_controllen = numericCast(headerByteCount + 8 - headerByteCount % 8)
        return retryingInterrupts { sendmsg(socket, &message, sendFlags) }
      }
    }
  }

  /// Receives bytes, and appends files that come beside them.
  ///
  /// - Returns: as `recvmsg`.
  static func receive(_ bytes: UnsafeMutableRawBufferPointer, files: inout [Int32], from socket: Int32) -> Int {
    let size = headerByteCount + 4 * receivedCount
    return withUnsafeTemporaryAllocation(byteCount: 128, alignment: 8) { control in
      control.initializeMemory(as: UInt8.self, repeating: 0)
      var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
      return withUnsafeMutablePointer(to: &part) { part in
        var message = msghdr()
        message.msg_iov = part
        message.msg_iovlen = 1
        message.msg_control = control.baseAddress
        message.msg_controllen = numericCast(size)
        let count = retryingInterrupts { recvmsg(socket, &message, receiveFlags | closeOnExec) }
        guard count >= 0, Int(message.msg_controllen) > headerByteCount,
          control.load(fromByteOffset: headerByteCount - 8, as: Int32.self) == SOL_SOCKET,
          control.load(fromByteOffset: headerByteCount - 4, as: Int32.self) == rightsType
        else { return count }
        #if canImport(Darwin)
          let length = Int(control.load(as: UInt32.self))
        #else
          let length = control.load(as: Int.self)
        #endif
        for offset in stride(from: headerByteCount, to: min(length, size) - 3, by: 4) {
          let file = control.load(fromByteOffset: offset, as: Int32.self)
          _ = fcntl(file, F_SETFD, FD_CLOEXEC)
          files.append(file)
        }
        return count
      }
    }
  }

  #if canImport(Darwin)
    private static let closeOnExec: Int32 = 0
  #else
    /// MSG_CMSG_CLOEXEC.
    private static let closeOnExec: Int32 = 0x4000_0000
  #endif
}

/// Files that came over a socket, until somebody takes them.
package final class ReceivedFiles {
  var descriptors: [Int32] = []

  package init() {}

  deinit { for descriptor in descriptors { _ = close(descriptor) } }

  /// The file that came first, which is the caller's; nil where there is none, since the system had no descriptor left.
  package func take() -> Int32? { descriptors.isEmpty ? nil : descriptors.removeFirst() }
}
