internal import Basics
internal import JSON

// What a peer sends.
extension Peer {
  /// Sends a notification; with headers if the client has not sent a byte yet.
  package func notify<N: Notification>(_ notification: N) {
    withWriter { writer in
      writer.json.append("{\"jsonrpc\":\"2.0\",\"method\":")
      writer.json.write(N.name)
      writer.json.append(",\"params\":")
      notification.writeValue(to: &writer)
      writer.json.append("}")
      send(writer.json.bytes)
    }
  }

  /// Sends a result, or an internal error instead if it has a number that JSON cannot spell.
  func respond(to id: RequestID, _ method: ExactString, _ slot: BatchSlot?, _ result: (inout ObjectWriter) -> Void) {
    withWriter { writer in
      writer.json.append("{\"jsonrpc\":\"2.0\",\"id\":")
      id.writeValue(to: &writer)
      writer.json.append(",\"result\":")
      result(&writer)
      writer.json.append("}")
      guard !writer.json.sawNonFinite else {
        let error = RPCError(.internalError, "Internal error: the result has a number that is not finite")
        return respond(to: id, method, slot, failing: error)
      }
      // All open batches together, as a client may have many of them wait for a long computation.
      if slot != nil, batchedByteCount + writer.json.bytes.count > options.limits.maximumFrameBytes {
        return respond(to: id, method, slot, failing: .batchTooLong("it was carried out, but its answer is left out"))
      }
      traceAnswer(id, method, writer.json.bytes)
      deliver(writer.json.bytes, slot)
    }
  }

  func respond(to id: RequestID, _ method: ExactString, _ slot: BatchSlot?, failing error: RPCError) {
    withWriter { writer in
      writer.json.append("{\"jsonrpc\":\"2.0\",\"id\":")
      id.writeValue(to: &writer)
      writer.json.append(",\"error\":")
      error.writeValue(to: &writer)
      writer.json.append("}")
      traceAnswer(id, method, writer.json.bytes)
      deliver(writer.json.bytes, slot)
    }
  }

  private func deliver(_ message: [UInt8], _ slot: BatchSlot?) {
    guard let slot else { return send(message) }
    // An exact copy: sharing the writer's buffer would keep all its spare room for each member.
    slot.batch.fill(slot.index, with: message.withUnsafeBufferPointer { Array($0) })
    batchedByteCount += message.count
    deliver(slot.batch)
  }

  /// Sends the answers of a batch once they are all there.
  func deliver(_ batch: Batch) {
    guard batch.isComplete else { return }
    batchedByteCount -= batch.byteCount
    if let text = batch.takeText() { send(text) }
  }

  /// Sends one message, which is JSON text.
  func send(_ message: [UInt8]) {
    message.withUnsafeBufferPointer { output.append($0, framing: framing) }
  }

  private func withWriter(_ body: (inout ObjectWriter) -> Void) {
    var writer = spareWriter.take() ?? ObjectWriter()
    body(&writer)
    // One huge answer must not hold its memory for ever.
    guard writer.json.bytes.count <= 1 << 20 else { return }
    writer.json.reset()
    spareWriter = writer
  }
}
