package import CLibrary

/// A program that runs beside this one, with pipes to its standard input and from its standard output; its standard
/// error is ours.
package final class ChildProcess {
  package let processID: pid_t
  /// To its standard input; nil once closed.
  package private(set) var input: Int32?
  /// From its standard output.
  package private(set) var output: Int32
  private var waited: ExitStatus?

  /// A program that cannot be started.
  package struct Failure: Error {
    /// What was expected and what was found.
    package let message: String
  }

  package enum ExitStatus: Equatable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)

    /// From what `waitpid` tells, by the macros of <sys/wait.h>.
    init(waitStatus: Int32) {
      let signal = waitStatus & 0x7f
      self = signal == 0 ? .exited((waitStatus >> 8) & 0xff) : .killed(signal: signal)
    }

    /// As a shell gives it.
    package var code: Int32 {
      switch self {
      case .exited(let code): code
      case .killed(let signal): 128 + signal
      }
    }
  }

  /// Which signals reach it that are sent to more than one process.
  package enum Group: Sendable {
    /// Those of our terminal, such as that of Ctrl-C.
    case ours
    /// Those sent to its own group, which has its number; see ``ProcessGroups``.
    case own
    /// The same; it has no terminal either.
    case ownSession
  }

  /// Starts a program, which is looked up along the PATH.
  package init(_ command: [String], group: Group = .ours) throws(Failure) {
    var (toChild, fromChild): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
    guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { throw Self.failure(command, errno) }
    // An end that a child keeps open hides the other's end: neither our ends in this child, nor any in a child that
    // another thread starts meanwhile. What the child gets as its standard input and output is a duplicate, open.
    for descriptor in toChild + fromChild { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
    #else
      var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, toChild[0], STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], STDOUT_FILENO)
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    #if canImport(Darwin)
      var attributes: posix_spawnattr_t?
    #else
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // What we ignore the child does not.
    var defaults = sigset_t()
    sigemptyset(&defaults)
    for signal in [SIGPIPE, SIGXFSZ] { sigaddset(&defaults, signal) }
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    // Threads of a pool block signals, which the child would never get.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    let groupFlag =
      switch group {
      case .ours: Int32(0)
      case .own: Int32(POSIX_SPAWN_SETPGROUP)
      case .ownSession: Self.setSession
      }
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK) | groupFlag
    posix_spawnattr_setflags(&attributes, Int16(flags))
    var processID: pid_t = 0
    let reason = posix_spawnp(&processID, command[0], &actions, &attributes, &arguments, environ)
    close(toChild[0])
    close(fromChild[1])
    guard reason == 0 else {
      close(toChild[1])
      close(fromChild[0])
      throw Self.failure(command, reason)
    }
    (self.processID, input, output) = (processID, toChild[1], fromChild[0])
  }

  /// POSIX_SPAWN_SETSID, which the headers hide from Swift.
  #if canImport(Darwin)
    private static let setSession: Int32 = 0x400
  #else
    private static let setSession: Int32 = 0x80
  #endif

  private static func failure(_ command: [String], _ reason: Int32) -> Failure {
    let found = "\(command[0]): \(String(cString: strerror(reason)))"
    return Failure(message: "expected a program that can be started, found \(found)")
  }

  deinit {
    closeInput()
    close(output)
  }

  /// The descriptors to its standard input and from its standard output, which the caller closes.
  package func takeDescriptors() -> (input: Int32, output: Int32) {
    defer { (input, output) = (nil, -1) }
    return (input ?? -1, output)
  }

  package func closeInput() {
    if let input { close(input) }
    input = nil
  }

  /// Waits for its end. Not for one that ``ProcessGroups`` has started, which waits itself.
  package func wait() -> ExitStatus {
    if let waited { return waited }
    var status: Int32 = 0
    while waitpid(processID, &status, 0) == -1, errno == EINTR {}
    let result = ExitStatus(waitStatus: status)
    waited = result
    return result
  }
}
