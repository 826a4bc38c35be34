internal import Basics
internal import CLibrary
internal import JSON
internal import JSONRPC
internal import Sessions

/// A session that a client has opened, with what it has got of its pushes: what the next owner has to know of it.
struct HeldSession {
  let name: String
  var choice = PushChoice.unchosen
  var position: PushPosition

  /// As a member of `sessions` in `$/join`.
  var json: JSON {
    [
      "session": .string(name), "pushes": .array(choice.groups.map { .string($0.rawValue) }),
      "revision": .integer(Int64(position.revision)), "count": .integer(Int64(position.count)),
    ]
  }

  init(name: String, choice: PushChoice = .unchosen, position: PushPosition) {
    (self.name, self.choice, self.position) = (name, choice, position)
  }

  init?(_ json: JSON) {
    guard let name = json["session"]?.stringValue?.text, let groups = json["pushes"]?.arrayValue,
      let revision = json["revision"]?.integerValue, let count = json["count"]?.integerValue
    else { return nil }
    self.init(
      name: name, choice: PushChoice(groups.compactMap { $0.stringValue.flatMap(PushGroup.init(named:)) }),
      position: PushPosition(revision: revision, count: count))
  }
}

/// The sessions that the client of a joined process has opened, by what passes between it and the owner.
struct HeldSessions {
  /// In the order in which they were opened.
  private(set) var all: [HeldSession] = []

  /// The notifications that count in a ``PushPosition``.
  private static let pushes = Set(
    [
      LeaderChange.name, FrontierChange.name, PlanChanged.name, TrialAssignment.name, TrialEnding.name,
      SearchEnding.name, CostChange.name,
    ].map { ExactString($0) })

  init(_ all: [HeldSession] = []) { self.all = all }

  /// Notes what an answer of the owner says of the client's sessions.
  mutating func note(_ method: ExactString, _ params: JSON?, answer text: [UInt8]) {
    switch method {
    case ExactString(SessionOpen.name):
      guard let answer = try? JSON.parse(text), let name = answer["session"]?.stringValue?.text,
        let revision = answer["revision"]?.integerValue, !all.contains(where: { $0.name == name })
      else { return }
      all.append(HeldSession(name: name, position: .after(revision)))
    case ExactString(SessionWatch.name):
      guard let answer = try? JSON.parse(text), let name = params?.objectValue?.sessionName,
        let place = all.firstIndex(where: { $0.name == name }), let groups = answer["pushes"]?.arrayValue,
        let revision = answer["revision"]?.integerValue
      else { return }
      all[place].choice = PushChoice(groups.compactMap { $0.stringValue.flatMap(PushGroup.init(named:)) })
      all[place].position = .after(params?["fromRevision"]?.integerValue ?? revision)
    case ExactString(SessionClose.name):
      let name = params?.objectValue?.sessionName.map { ExactString($0) }
      all.removeAll { ExactString($0.name) == name }
    default: break
    }
  }

  /// Notes a notification of the owner, if it is a push about a session. O(sessions).
  mutating func note(notification bytes: UnsafeBufferPointer<UInt8>) {
    guard let method = Self.method(of: bytes), Self.pushes.contains(method),
      let params = (try? JSON.parse(Array(bytes)))?["params"], let revision = params["revision"]?.integerValue,
      let place = all.firstIndex(where: { $0.name == params["session"]?.stringValue?.text })
    else { return }
    all[place].position.pass(revision)
  }

  /// The method of a notification as a peer writes it.
  private static func method(of bytes: UnsafeBufferPointer<UInt8>) -> ExactString? {
    let prefix: StaticString = "{\"jsonrpc\":\"2.0\",\"method\":\""
    let count = prefix.utf8CodeUnitCount
    guard bytes.count > count, memcmp(bytes.baseAddress!, prefix.utf8Start, count) == 0 else { return nil }
    return ExactString(String(decoding: bytes[count...].prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self))
  }
}
