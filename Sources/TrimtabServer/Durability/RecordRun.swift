internal import Basics
internal import JSON
internal import Journal

/// Consecutive changes by requests of one method, as a compacted journal has them: one record, in which a param is
/// either one value for all requests or a column with one value for each.
///
///     {"run":3,"method":"trial/update","firstRevision":12,"params":{
///       "session":{"all":"s"},"trial":{"all":1},"step":{"each":[1,2,3]},"score":{"each":[2.5,2.25,2]}}}
///
/// `by`, where requests were passed on by other processes, has the columns `client` and `number` of their keys.
///
/// A null in a column stands for a param that its request does not have. Revisions count up by one. Requests that gave
/// something away, computed something or read a file stay records of their own.
struct RecordRun {
  /// What only the bytes of a run begin with.
  private static let beginning = Array("{\"run\":".utf8)

  private enum Column {
    case all(JSON)
    case each([JSON])

    init(_ values: [JSON]) { self = values.allSatisfy { $0 == values[0] } ? .all(values[0]) : .each(values) }

    /// Reads a column of a length; nil where it is none.
    init?(_ json: JSON, count: Int) {
      if let value = json["all"] {
        self = .all(value)
      } else if let values = json["each"]?.arrayValue, values.count == count {
        self = .each(Array(values))
      } else {
        return nil
      }
    }

    subscript(index: Int) -> JSON {
      switch self {
      case .all(let value): value
      case .each(let values): values[index]
      }
    }

    var json: JSON {
      let member: JSONObject.Member =
        switch self {
        case .all(let value): .init(key: "all", value: value)
        case .each(let values): .init(key: "each", value: .array(values))
        }
      return .object(JSONObject(members: [member]))
    }
  }

  let count: Int
  private let method: String
  private let firstRevision: Int
  private let columns: [(key: ExactString, column: Column)]
  /// Of the requests' keys; nil where none has one.
  private let keys: (client: Column, number: Column)?

  static func isRun(_ record: [UInt8]) -> Bool { record.starts(with: beginning) }

  /// Reads a run; nil where it is none of this version.
  init?(_ bytes: [UInt8]) {
    guard let json = try? bytes.withUnsafeBytes({ try JSON.parse($0, maximumDepth: JSON.deepestNesting) }),
      let count = json["run"]?.integerValue, count > 0, count <= RecordCompactor.longestRun,
      let method = json["method"]?.stringValue?.text,
      let first = json["firstRevision"]?.integerValue, first >= 0, first <= Int.max - count,
      let params = json["params"]?.objectValue
    else { return nil }
    var columns: [(ExactString, Column)] = []
    for member in params {
      guard let column = Column(member.value, count: count) else { return nil }
      columns.append((member.key, column))
    }
    if let by = json["by"] {
      guard let client = by["client"].flatMap({ Column($0, count: count) }),
        let number = by["number"].flatMap({ Column($0, count: count) })
      else { return nil }
      keys = (client, number)
    } else {
      keys = nil
    }
    (self.count, self.method, firstRevision, self.columns) = (count, method, first, columns)
  }

  /// Finds the columns of records that ``RecordCompactor`` has found alike. O(records * params).
  fileprivate init(of records: [ChangeRecord]) {
    var keys: [ExactString] = []
    let params = records.map(\.params.members)
    for members in params {
      var place = 0
      for member in members {
        if let found = keys.firstIndex(of: member.key) {
          place = found + 1
        } else {
          keys.insert(member.key, at: place)
          place += 1
        }
      }
    }
    // A request has few params that stand in the order of the columns, so one look at the next one finds each.
    var places = [Int](repeating: 0, count: records.count)
    columns = keys.map { key in
      let values: [JSON] = params.indices.map { index in
        guard places[index] < params[index].count, params[index][places[index]].key == key else { return .null }
        places[index] += 1
        return params[index][places[index] - 1].value
      }
      return (key, Column(values))
    }
    self.keys =
      records.contains { $0.key != nil }
      ? (
        Column(records.map { $0.key.map { .string($0.client) } ?? .null }),
        Column(records.map { $0.key.map { .integer(Int64($0.number)) } ?? .null })
      ) : nil
    (count, method, firstRevision) = (records.count, records[0].method, records[0].revision)
  }

  /// The record of one of the requests.
  subscript(index: Int) -> ChangeRecord {
    var members: [JSONObject.Member] = []
    members.reserveCapacity(columns.count)
    for (key, column) in columns {
      switch column {
      case .all(let value): members.append(.init(key: key, value: value))
      case .each(let values):
        if case .null = values[index] { continue }
        members.append(.init(key: key, value: values[index]))
      }
    }
    var key: RequestKey?
    if let client = keys?.client[index].stringValue?.text, let number = keys?.number[index].integerValue {
      key = RequestKey(client: client, number: number)
    }
    return ChangeRecord(method, JSONObject(members: members), revision: firstRevision + index, by: key)
  }

  var bytes: [UInt8] {
    var writer = ObjectWriter()
    writer.braced {
      $0.field("run", count)
      $0.field("method", method)
      $0.field("firstRevision", firstRevision)
      $0.field(
        "params",
        JSON.object(
          JSONObject(
            members: columns.map { .init(key: $0.key, value: $0.column.json) })))
      if let keys { $0.field("by", ["client": keys.client.json, "number": keys.number.json] as JSON) }
    }
    return writer.json.bytes
  }
}

/// Makes fewer records of a journal's records, which say the same: ``RecordRun``.
struct RecordCompactor {
  /// The most requests of one run, so that damage to a record costs at most as many.
  static let longestRun = 1024
  /// Fewer are no shorter as a run.
  private static let shortestRun = 4
  /// Records beyond this have something else than numbers, which columns do not shorten.
  private static let longestRecord = 4 << 10

  private var bytes: [[UInt8]] = []
  private var records: [ChangeRecord] = []

  /// Passes records on to `add`, in order and in runs where they can be. O(bytes).
  static func compact(
    _ next: () throws(JournalError) -> [UInt8]?, _ add: ([UInt8]) throws(JournalError) -> Void
  ) throws(JournalError) {
    var compactor = RecordCompactor()
    while let record = try next() {
      if let change = compactor.candidate(record) {
        if !compactor.takes(change) { try compactor.flush(add) }
        compactor.bytes.append(record)
        compactor.records.append(change)
      } else {
        try compactor.flush(add)
        try add(record)
      }
    }
    try compactor.flush(add)
  }

  /// What a record says, where it can be part of a run.
  private func candidate(_ record: [UInt8]) -> ChangeRecord? {
    guard record.count <= Self.longestRecord, !RecordRun.isRun(record), let change = ChangeRecord(record),
      change.given == nil, change.computedFrom == nil, change.file == nil
    else { return nil }
    return change
  }

  /// Whether a record goes on with the run that is being gathered.
  private func takes(_ change: ChangeRecord) -> Bool {
    guard let last = records.last else { return true }
    return records.count < Self.longestRun && last.method == change.method && last.revision + 1 == change.revision
  }

  private mutating func flush(_ add: ([UInt8]) throws(JournalError) -> Void) throws(JournalError) {
    defer { (bytes, records) = ([], []) }
    if records.count >= Self.shortestRun {
      let run = RecordRun(of: records).bytes
      // Read back, since the records themselves are given up for it.
      if let read = RecordRun(run), read.count == bytes.count, bytes.indices.allSatisfy({ read[$0].bytes == bytes[$0] })
      {
        return try add(run)
      }
    }
    for record in bytes { try add(record) }
  }
}
