internal import CLibrary

/// Repeats a system call while a signal interrupts it.
func retryingInterrupts<Value: FixedWidthInteger>(_ call: () -> Value) -> Value {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}

/// Seconds on a clock that only runs forward, from an arbitrary start.
package func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// CPU time that the calling thread has used, in seconds.
func threadCPUSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// What is ready now among the events asked for of one descriptor; never waits.
func readiness(of descriptor: Int32, for events: Int16) -> Int16 {
  var entry = pollfd(fd: descriptor, events: events, revents: 0)
  return retryingInterrupts { poll(&entry, 1, 0) } > 0 ? entry.revents : 0
}

/// What kind of file a descriptor is, as far as reading and writing differ.
enum DescriptorKind {
  case socket
  case pipe
  /// A regular file, a terminal, a device.
  case other

  init(_ descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      self = .other
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFSOCK: self = .socket
    case S_IFIFO: self = .pipe
    default: self = .other
    }
  }
}

#if canImport(Darwin)
  /// Never wait. A closed peer raises no signal either, as the loop ignores it for the whole process.
  let sendFlags = Int32(MSG_DONTWAIT)
  let receiveFlags = Int32(MSG_DONTWAIT)
#else
  // The C library declares these as an enumeration here and as macros there; the values are the kernel's.
  /// MSG_DONTWAIT and MSG_NOSIGNAL.
  let sendFlags: Int32 = 0x40 | 0x4000
  /// MSG_DONTWAIT.
  let receiveFlags: Int32 = 0x40
#endif

/// Has a pipe hold as much as any process may ask for (1 MiB unless the machine is set up otherwise), and tells how
/// much that is; nil where the system has no such call.
func enlargePipe(_ descriptor: Int32) -> Int? {
  #if os(Linux)
    // F_SETPIPE_SZ and F_GETPIPE_SZ of <fcntl.h>, which are hidden from Swift. A refusal leaves the pipe as it was.
    _ = fcntl(descriptor, 1031, 1 << 20)
    let capacity = fcntl(descriptor, 1032)
    return capacity > 0 ? Int(capacity) : nil
  #else
    return nil
  #endif
}

/// Bytes in a pipe that its reader has not read yet; nil where the system does not say.
func unreadBytes(of descriptor: Int32) -> Int? {
  var count: Int32 = 0
  return ioctl(descriptor, UInt(FIONREAD), &count) == 0 ? Int(count) : nil
}

/// Bytes written to a socket that its reader has not read (local sockets) or acknowledged (others); nil where the
/// system does not say.
func unsentBytes(of descriptor: Int32) -> Int? {
  #if os(Linux)
    // SIOCOUTQ of <linux/sockios.h>, which is hidden from Swift.
    var count: Int32 = 0
    return ioctl(descriptor, 0x5411, &count) == 0 ? Int(count) : nil
  #else
    return nil
  #endif
}
