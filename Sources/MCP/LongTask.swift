internal import Basics
internal import CLibrary
internal import JSON
internal import JSONRPC

/// A tool call that goes on after its request has been answered, by the extension `io.modelcontextprotocol/tasks` of
/// the stateless era: the answer is a handle, by which the client asks for the state, and in the end for the result.
///
/// It lives in this process and ends with it; what the call has done to sessions lives as long as they do.
final class LongTask {
  enum Status: String {
    case working, completed, cancelled
  }

  static let extensionName = "io.modelcontextprotocol/tasks"
  /// How often a client should ask, in milliseconds.
  private static let pollMilliseconds: Int64 = 200
  /// How long the result can be fetched, in milliseconds after the end.
  private static let keptMilliseconds: Int64 = 3_600_000

  /// Unguessable, because a handle is all that a client needs.
  let id: String
  private(set) var status = Status.working
  private var message: String?
  /// That of the tool, once completed.
  private var result: JSON?
  private let created = WallTime.now
  private var updated: WallTime
  private var ended: WallTime?
  /// Asks for the work to end; nil once it has.
  var cancel: (() -> Void)?

  init() {
    var generator = SystemRandomNumberGenerator()
    id = (0..<2).map { _ in
      let digits = String(generator.next(), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
    updated = created
  }

  func report(_ percentage: Int, _ message: String?) {
    self.message = message.map { "\(percentage) %: \($0)" } ?? "\(percentage) %"
    updated = .now
  }

  func complete(_ result: JSON) {
    self.result = result
    end(.completed)
  }

  func end(_ status: Status) {
    (self.status, cancel, message, updated) = (status, nil, nil, .now)
    ended = updated
  }

  /// Whether its result need not be kept any more.
  func isExpired(at time: WallTime) -> Bool {
    ended.map { time.milliseconds - $0.milliseconds > Self.keptMilliseconds } ?? false
  }

  /// What the client sees, without the result's type.
  var members: [JSONObject.Member] {
    // Counted from the creation. As long as the work goes on there is no end in sight.
    let timeToLive = ended.map { JSON.integer($0.milliseconds - created.milliseconds + Self.keptMilliseconds) } ?? .null
    var members: [JSONObject.Member] = [
      .init(key: "taskId", value: .string(id)), .init(key: "status", value: .string(status.rawValue)),
      .init(key: "createdAt", value: .string(created.text)),
      .init(key: "lastUpdatedAt", value: .string(updated.text)), .init(key: "ttlMs", value: timeToLive),
      .init(key: "pollIntervalMs", value: .integer(Self.pollMilliseconds)),
    ]
    if let message { members.append(.init(key: "statusMessage", value: .string(message))) }
    if let result { members.append(.init(key: "result", value: result)) }
    return members
  }
}

/// The tasks of a client, by id.
struct LongTasks {
  private var tasks: [ExactString: LongTask] = [:]

  /// Begins one, and forgets those whose time is over.
  mutating func begin() -> LongTask {
    let now = WallTime.now
    tasks = tasks.filter { !$0.value.isExpired(at: now) }
    let task = LongTask()
    tasks[ExactString(task.id)] = task
    return task
  }

  /// The task that the params of a request name.
  ///
  /// - Throws: the error for the client, where it has not declared the extension in this request, or there is no such
  ///   task.
  func named(in params: JSON?) throws(RPCError) -> LongTask {
    guard Self.areDeclared(in: params) else { throw Self.undeclared }
    let id = params?["taskId"]?.stringValue?.text ?? ""
    guard let task = tasks[ExactString(id)], !task.isExpired(at: .now) else {
      throw RPCError(
        .invalidParams,
        "Invalid params: taskId must be that of a task of this process that is kept, found \(Preview.cut(id))")
    }
    return task
  }

  /// Whether the client of a request knows the extension. Each request says so for itself.
  static func areDeclared(in params: JSON?) -> Bool {
    let capabilities = params?["_meta"]?["io.modelcontextprotocol/clientCapabilities"]
    return capabilities?["extensions"]?[LongTask.extensionName]?.objectValue != nil
  }

  private static let undeclared = RPCError(
    ErrorCode(rawValue: -32021), "Missing required client capability",
    data: ["requiredCapabilities": ["extensions": [LongTask.extensionName: [:]]]])
}

/// A time of the calendar.
struct WallTime {
  /// Since the beginning of 1970.
  let milliseconds: Int64

  static var now: WallTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return WallTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  /// As ISO 8601 has it, in UTC and to the millisecond.
  var text: String {
    var (seconds, parts) = (time_t(milliseconds / 1000), tm())
    gmtime_r(&seconds, &parts)
    let fields = [
      padded(Int(parts.tm_year) + 1900, 4), "-", padded(Int(parts.tm_mon) + 1, 2), "-", padded(Int(parts.tm_mday), 2),
      "T", padded(Int(parts.tm_hour), 2), ":", padded(Int(parts.tm_min), 2), ":", padded(Int(parts.tm_sec), 2), ".",
      padded(Int(milliseconds % 1000), 3), "Z",
    ]
    return fields.joined()
  }

  private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
