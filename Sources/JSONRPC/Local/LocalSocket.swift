internal import CLibrary

/// Unix sockets inside a folder, whose path may be longer than an address of a socket can hold (107 bytes on Linux, 103
/// on Darwin).
package enum LocalSocket {
  /// Why a socket cannot be used, for a person.
  package struct Failure: Error {
    package let message: String

    fileprivate init(_ action: String, _ number: Int32) {
      message = "\(action): \(String(cString: strerror(number)))"
    }

    fileprivate init(_ message: String) { self.message = message }
  }

  /// A socket that accepts connections, at `name` in `folder`, in place of any other; only this user may connect.
  ///
  /// The folder is made with mode 0700 where there is none.
  package static func listen(at name: String, in folder: String) throws(Failure) -> Int32 {
    if mkdir(folder, 0o700) != 0, errno != EEXIST { throw Failure("make \(folder)", errno) }
    let socket = try make()
    do throws(Failure) {
      // On Linux the file's mode is that of the socket, so that there is no moment in which others may connect.
      _ = fchmod(socket, 0o600)
      try withAddress(of: name, in: folder) { (path, address, length) throws(Failure) in
        if unlink(path) != 0, errno != ENOENT { throw Failure("remove \(folder)/\(name)", errno) }
        guard bind(socket, address, length) == 0, chmod(path, 0o600) == 0 else {
          throw Failure("bind \(folder)/\(name)", errno)
        }
      }
      _ = fcntl(socket, F_SETFL, O_NONBLOCK)
      guard CLibrary.listen(socket, 128) == 0 else { throw Failure("listen at \(folder)/\(name)", errno) }
    } catch {
      _ = close(socket)
      throw error
    }
    return socket
  }

  /// A connection to the socket at `name` in `folder`, which a process of the same user must have made.
  package static func connect(to name: String, in folder: String) throws(Failure) -> Int32 {
    let socket = try make()
    do throws(Failure) {
      try withAddress(of: name, in: folder) { (_, address, length) throws(Failure) in
        guard retryingInterrupts({ CLibrary.connect(socket, address, length) }) == 0 else {
          throw Failure("connect to \(folder)/\(name)", errno)
        }
      }
      guard isOfSameUser(socket) else { throw Failure("\(folder)/\(name) belongs to another user") }
    } catch {
      _ = close(socket)
      throw error
    }
    return socket
  }

  /// The next connection to a socket that listens; nil where there is none, or the system has no descriptor for it.
  ///
  /// A process of another user is sent away.
  static func accept(_ socket: Int32) -> Int32? {
    while true {
      let accepted = retryingInterrupts { CLibrary.accept(socket, nil, nil) }
      guard accepted >= 0 else { return nil }
      _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
      // Darwin hands the mode of the listening socket on.
      _ = fcntl(accepted, F_SETFL, 0)
      if isOfSameUser(accepted) { return accepted }
      _ = close(accepted)
    }
  }

  /// Two sockets that are connected to each other; nil where the system has no descriptors for them.
  package static func pair() -> (Int32, Int32)? {
    #if canImport(Glibc)
      let type = Int32(SOCK_STREAM.rawValue)
    #else
      let type = SOCK_STREAM
    #endif
    var ends: (Int32, Int32) = (-1, -1)
    let failed = withUnsafeMutableBytes(of: &ends) {
      socketpair(AF_UNIX, type, 0, $0.bindMemory(to: Int32.self).baseAddress)
    }
    guard failed == 0 else { return nil }
    for end in [ends.0, ends.1] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return ends
  }

  private static func make() throws(Failure) -> Int32 {
    #if canImport(Glibc)
      let type = Int32(SOCK_STREAM.rawValue)
    #else
      let type = SOCK_STREAM
    #endif
    let socket = CLibrary.socket(AF_UNIX, type, 0)
    guard socket >= 0 else { throw Failure("make a socket", errno) }
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    return socket
  }

  private static func isOfSameUser(_ socket: Int32) -> Bool {
    #if canImport(Darwin)
      var (user, group) = (uid_t(0), gid_t(0))
      return getpeereid(socket, &user, &group) == 0 && user == geteuid()
    #else
      // struct ucred of <sys/socket.h>, which is hidden from Swift: process, user, group. SO_PEERCRED is 17.
      var credentials: (Int32, UInt32, UInt32) = (0, 0, 0)
      var size = socklen_t(MemoryLayout.size(ofValue: credentials))
      return getsockopt(socket, SOL_SOCKET, 17, &credentials, &size) == 0 && credentials.1 == geteuid()
    #endif
  }

  /// Calls `body` with a short path of `name` in `folder`, and the address that it makes.
  private static func withAddress(
    of name: String, in folder: String,
    _ body: (String, UnsafePointer<sockaddr>, socklen_t) throws(Failure) -> Void
  ) throws(Failure) {
    func use(_ path: String) throws(Failure) {
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      let bytes = Array(path.utf8)
      let fits = withUnsafeMutableBytes(of: &address.sun_path) { target in
        // A zero has to stand behind the path.
        guard bytes.count < target.count else { return false }
        target.copyBytes(from: bytes)
        return true
      }
      guard fits else { throw Failure("no short path leads to \(folder)") }
      let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
          Result { () throws(Failure) in try body(path, pointer, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
      }
      try result.get()
    }
    if folder.utf8.count + 1 + name.utf8.count < 100 { return try use("\(folder)/\(name)") }
    #if os(Linux)
      let opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard opened >= 0 else { throw Failure("open \(folder)", errno) }
      defer { _ = close(opened) }
      let short = "/proc/self/fd/\(opened)"
      // Not there in a container without /proc.
      if access(short, F_OK) == 0 { return try use("\(short)/\(name)") }
    #endif
    // A link to the folder, in a folder that only this user may change.
    var template = Array("/tmp/socket-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw Failure("make a folder in /tmp", errno) }
    let link = String(cString: made) + "/to"
    defer {
      _ = unlink(link)
      _ = rmdir(made)
    }
    guard symlink(folder, link) == 0 else { throw Failure("make \(link)", errno) }
    try use("\(link)/\(name)")
  }
}

/// Accepts connections for an ``EventLoop``.
package final class LocalListener: LoopSource {
  package let descriptor: Int32
  private let accepted: (Int32) -> Void
  /// It keeps the listener among its sources.
  private unowned let loop: EventLoop
  private var isPaused = false

  /// Takes over a socket that listens, and passes each connection on, which is then the callee's.
  package init(_ socket: Int32, on loop: EventLoop, _ accepted: @escaping (Int32) -> Void) {
    (descriptor, self.loop, self.accepted) = (socket, loop, accepted)
  }

  deinit { _ = close(descriptor) }

  package var events: Int16 { isPaused ? 0 : Int16(POLLIN) }

  package func ready(_ events: Int16) {
    var count = 0
    while let socket = LocalSocket.accept(descriptor) {
      count += 1
      accepted(socket)
    }
    // Without descriptors a connection stays where it is, and would wake the loop at once.
    guard count == 0 else { return }
    isPaused = true
    loop.after(0.05) { [weak self] in self?.isPaused = false }
  }

  package func flush() {}
}
