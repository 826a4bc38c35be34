import Basics
import JSONRPC
import Journal
import Sessions
import TestSupport
import Testing

@testable import TrimtabServer

/// When commits are made beside a loop.
@Suite struct CommitThreadTests {
  @Test func whatOneTurnChangesIsOneCommit() throws {
    let storage = SimulatedStorage(seed: 1)
    let server = Server(pool: WorkerPool())
    server.keepSessions(in: try StateDirectory(storage))
    let client = server.connect()
    var lines = [
      #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}"#,
      #"{"jsonrpc":"2.0","id":1,"method":"session/open","params":{"session":"s"}}"#,
    ]
    for id in 2..<100 {
      lines.append(
        #"{"jsonrpc":"2.0","id":\#(id),"method":"gpu/register","params":{"session":"s","gpus":[{"id":"\#(id)"}]}}"#)
    }
    var text = lines.joined(separator: "\n") + "\n"
    text.withUTF8 { client.peer.receive(UnsafeRawBufferPointer($0)) }
    // The turn goes on, and nothing is written yet.
    #expect(storage.operationCount == 0)
    #expect(server.startCommits())
    #expect(!server.startCommits())
    let journals = try #require(server.journals)
    journals.finish()
    // A write, zeros ahead of the next, a sync of the file and one of its folder.
    #expect(storage.operationCount == 4)
    server.handleCommits()
    let answers = String(decoding: client.peer.output.takeAll(), as: UTF8.self).split(separator: "\n")
    #expect(answers.count == 100 && answers.allSatisfy { $0.contains(#""result""#) })
  }
}
