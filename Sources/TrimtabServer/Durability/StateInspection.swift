package import Basics
internal import JSON
package import Journal
internal import Sessions

/// Why a journal cannot be inspected, or is not sound.
package struct InspectionFailure: Error {
  package let message: String

  package init(message: String) { self.message = message }
}

/// Looks at a state directory without serving it.
package struct StateInspection {
  private let directory: StateDirectory

  /// - Parameter owns: whether to lock the directory, so that it may be changed. It is not made where it is none.
  package init(_ path: String, owns: Bool) throws(InspectionFailure) {
    let read: StateDirectory
    do throws(DirectoryError) {
      read = try StateDirectory(reading: path)
    } catch {
      throw InspectionFailure(message: RequestError(reading: error, path).message)
    }
    do throws(DirectoryError) {
      directory = owns ? try StateDirectory(path) : read
    } catch {
      throw InspectionFailure(message: RequestError(error, path: "").message)
    }
  }

  /// What of a directory a server would find.
  package enum Condition: Equatable {
    /// Nothing that a server has kept; it may not be there yet.
    case empty
    /// A server has begun to keep sessions there.
    case begun
  }

  /// Whether a server could keep sessions in a directory; nothing is changed. The failure says how to mend it.
  package static func condition(of path: String) -> Result<Condition, InspectionFailure> {
    do throws(DirectoryError) {
      return .success(try StateDirectory.check(path) ? .begun : .empty)
    } catch {
      return .failure(InspectionFailure(message: RequestError(error, path: path).message))
    }
  }

  /// Looks at a directory that is open already.
  package init(_ directory: StateDirectory) { self.directory = directory }

  /// Whether a session has a journal, be it one that cannot be read.
  package func contains(_ name: ExactString) -> Bool { directory.contains(name) }

  package var names: [ExactString] { directory.storedNames }

  package var unreadable: [String] {
    directory.unreadable.map { "\($0.path): \(RequestError($0.error, session: $0.path).message)" }
  }

  /// Replays a journal, and describes it in words.
  package func check(_ name: ExactString) throws(InspectionFailure) -> String {
    do throws(RequestError) {
      guard let (replay, reader) = try Replay.run(name.text, in: directory) else { return "never begun" }
      var text = "\(reader.count) records, revision \(replay.store.revision(of: name.text) ?? 0)"
      if let stop = replay.stop { throw stop }
      if replay.isClosed { text += ", closed" }
      if let difference = replay.difference { text += ", goes on as it was: \(difference.message)" }
      if case .torn(let count)? = reader.end { text += ", \(count) bytes at the end that were never acknowledged" }
      return text
    } catch {
      throw InspectionFailure(message: error.message)
    }
  }

  /// Passes each record to `body`, as the JSON-RPC request that a client would send.
  package func dump(_ name: ExactString, _ body: (String) -> Void) throws(InspectionFailure) {
    do throws(JournalError) {
      var reader = try directory.reader(of: name)
      while let bytes = try reader.next() {
        if RecordRun.isRun(bytes), let run = RecordRun(bytes) {
          for index in 0..<run.count { body(String(decoding: run[index].bytes, as: UTF8.self)) }
        } else {
          body(String(decoding: bytes, as: UTF8.self))
        }
      }
      if case .damaged(let offset, let record)? = reader.end {
        throw .damaged(path: reader.path, offset: offset, record: record)
      }
    } catch {
      throw InspectionFailure(message: RequestError(error, session: name.text).message)
    }
  }

  private func leaveOut(
    _ request: Int, of name: ExactString, _ mark: RecoveryMark
  ) throws(JournalError) -> String {
    var (count, method) = (0, "")
    let original = try directory.rewrite(name) { bytes in
      let run = RecordRun.isRun(bytes) ? RecordRun(bytes) : nil
      let first = count + 1
      count += run?.count ?? 1
      guard (first...count).contains(request) else { return [bytes] }
      let records = run.map { run in (0..<run.count).map { run[$0] } } ?? ChangeRecord(bytes).map { [$0] } ?? []
      return records.enumerated().map { place, record in
        guard first + place == request else { return record.bytes }
        method = record.method
        return LeftOut.record(of: record, session: name.text).bytes
      }
    }
    mark.forgive()
    return "request \(request) (\(method)) left out; the original is \(original)"
  }

  /// Says the same in fewer bytes.
  package func compact(_ name: ExactString) throws(InspectionFailure) -> String {
    do throws(JournalError) {
      var reader = try directory.reader(of: name)
      // A damaged journal throws below; one that was never begun has nothing to compact.
      _ = try reader.skipToEnd()
      if reader.name == nil { return "never begun" }
      let file = try JournalFile(continuing: reader, in: directory.storage)
      let before = file.durableByteCount
      let compacted = try CompactedFile(of: file, in: directory.storage, rewrite: RecordCompactor.compact)
      guard compacted.byteCount < before else { return "\(before) bytes, and left as it is" }
      try file.take(compacted)
      return "\(before) bytes became \(file.durableByteCount)"
    } catch {
      throw InspectionFailure(message: RequestError(error, session: name.text).message)
    }
  }

  /// Keeps of a damaged journal what is before the damage, and leaves out a request at which recoveries died; the
  /// original is put aside. Leaves any other journal as it is.
  package func repair(_ name: ExactString) throws(InspectionFailure) -> String {
    do throws(JournalError) {
      var reader = try directory.reader(of: name)
      guard case .damaged(_, let record) = try reader.skipToEnd() else {
        guard let mark = directory.recoveryMark(for: name) else { return "whole, and left as it is" }
        defer { mark.end() }
        guard let request = mark.fatalRecord else { return "whole, and left as it is" }
        return try leaveOut(request, of: name, mark)
      }
      let original = try directory.rewrite(name, keeping: record - 1)
      return "\(record - 1) records kept; the original is \(original)"
    } catch {
      throw InspectionFailure(message: RequestError(error, session: name.text).message)
    }
  }
}
