package import Basics
internal import JSON

// What a peer sends.
extension Peer {
  /// Sends a notification; with headers if the client has not sent a byte yet.
  ///
  /// - Parameter lane: what it is about; it leaves when that is durable.
  package func notify<N: Notification>(_ notification: N, lane: Lane = .none) {
    send(named: N.name, id: nil, lane) { notification.writeValue(to: &$0) }
  }

  /// Sends a notification, or a request where it has an id.
  func send(named name: String, id: RequestID?, _ lane: Lane, _ params: (inout ObjectWriter) -> Void) {
    withWriter { writer in
      writer.json.append("{\"jsonrpc\":\"2.0\"")
      if let id {
        writer.json.append(",\"id\":")
        id.writeValue(to: &writer)
      }
      writer.json.append(",\"method\":")
      writer.json.write(name)
      writer.json.append(",\"params\":")
      params(&writer)
      writer.json.append("}")
      deliver(HeldMessages.Message(text: MessageText(writer.json), slot: nil, id: nil), lane)
    }
  }

  /// Sends a result, or an internal error instead if it has a number that JSON cannot spell.
  func respond(
    to id: RequestID, _ method: ExactString, _ slot: BatchSlot?, _ lane: Lane = .none,
    _ result: (inout ObjectWriter) -> Void
  ) {
    withWriter { writer in
      writer.json.append("{\"jsonrpc\":\"2.0\",\"id\":")
      id.writeValue(to: &writer)
      writer.json.append(",\"result\":")
      result(&writer)
      writer.json.append("}")
      guard !writer.json.sawNonFinite else {
        let error = RPCError(.internalError, "Internal error: the result has a number that is not finite")
        return respond(to: id, method, slot, lane, failing: error)
      }
      // All open batches together, as a client may have many of them wait for a long computation.
      if slot != nil, batchedByteCount + MessageText(writer.json).count > options.limits.maximumFrameBytes {
        return respond(
          to: id, method, slot, lane, failing: .batchTooLong("it was carried out, but its answer is left out"))
      }
      traceAnswer(id, method, writer.json, lane)
      deliver(HeldMessages.Message(text: MessageText(writer.json), slot: slot, id: id), lane)
    }
  }

  func respond(
    to id: RequestID, _ method: ExactString, _ slot: BatchSlot?, _ lane: Lane = .none, failing error: RPCError
  ) {
    withWriter { writer in
      writer.json.append("{\"jsonrpc\":\"2.0\",\"id\":")
      id.writeValue(to: &writer)
      writer.json.append(",\"error\":")
      error.writeValue(to: &writer)
      writer.json.append("}")
      traceAnswer(id, method, writer.json, lane)
      deliver(HeldMessages.Message(text: MessageText(writer.json), slot: slot, id: id), lane)
    }
  }

  /// Sends a message, now or when its lane is free.
  private func deliver(_ message: HeldMessages.Message, _ lane: Lane) {
    guard lane != .none, held.hold(message, in: lane, tickets) else { return deliver(message.text, message.slot) }
  }

  /// Sends what waited for a ticket.
  package func reachTicket(_ ticket: Int, in lane: ExactString) {
    tickets.reach(ticket, in: lane)
    for message in held.reach(ticket, in: lane) { deliver(message.text, message.slot) }
  }

  /// Answers with an error what waits in a lane whose tickets will never be reached; its notifications are dropped.
  package func abandonTickets(in lane: ExactString, _ error: RPCError) {
    let (abandoned, free) = held.abandon(lane, last: tickets.giveUp(lane))
    for message in abandoned {
      if let id = message.id { respond(to: id, "", message.slot, failing: error) }
    }
    for message in free { deliver(message.text, message.slot) }
  }

  private func deliver(_ message: MessageText, _ slot: BatchSlot?) {
    guard let slot else { return output.append(message, framing: framing) }
    // An exact copy: sharing the writer's buffer would keep all its spare room for each member.
    slot.batch.fill(slot.index, with: message.joined)
    batchedByteCount += message.count
    deliver(slot.batch)
  }

  /// Sends the answers of a batch once they are all there.
  func deliver(_ batch: Batch) {
    guard batch.isComplete else { return }
    batchedByteCount -= batch.byteCount
    if let text = batch.takeText() { send(text) }
  }

  /// Answers with text that another peer wrote, which is that of a result or of an error.
  func respond(
    to id: RequestID, _ method: ExactString, _ slot: BatchSlot?, _ lane: Lane, written text: [UInt8], isError: Bool
  ) {
    guard slot == nil || batchedByteCount + text.count <= options.limits.maximumFrameBytes else {
      return respond(
        to: id, method, slot, lane, failing: .batchTooLong("it was carried out, but its answer is left out"))
    }
    withWriter { writer in
      writer.json.append("{\"jsonrpc\":\"2.0\",\"id\":")
      id.writeValue(to: &writer)
      writer.json.append(isError ? ",\"error\":" : ",\"result\":")
      writer.json.append(written: text)
      writer.json.append("}")
      traceAnswer(id, method, writer.json, lane)
      deliver(HeldMessages.Message(text: MessageText(writer.json), slot: slot, id: id), lane)
    }
  }

  /// Sends one message that another peer wrote.
  package func send(written message: [UInt8]) { send(message) }

  /// Sends one message, which is JSON text.
  func send(_ message: [UInt8]) {
    output.append(MessageText(message), framing: framing)
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
