/// Writes the members of a JSON object, putting commas, braces and brackets where they belong.
package struct ObjectWriter {
  /// The text so far.
  package var json = JSONWriter()
  private var needsComma = false

  package init() {}

  /// Writes one member.
  package mutating func field<Value: FieldValue>(_ name: StaticString, _ value: Value) {
    begin(name)
    value.writeValue(to: &self)
  }

  /// Writes members that were written before; they are in no generated document.
  package mutating func fields(_ written: WrittenFields) {
    guard !written.bytes.isEmpty else { return }
    if needsComma { json.append(byte: UInt8(ascii: ",")) }
    needsComma = true
    json.append(bytes: written.bytes, sawNonFinite: written.sawNonFinite)
  }

  /// The same for members of which there may be many megabytes: they are not copied, and only ``JSONWriter/insert`` has
  /// them. For an answer, whose sender knows of that.
  package mutating func insert(_ written: WrittenFields) {
    guard written.bytes.count >= 64 << 10, json.insert.isEmpty else { return fields(written) }
    if needsComma { json.append(byte: UInt8(ascii: ",")) }
    needsComma = true
    json.insert(bytes: written.bytes, sawNonFinite: written.sawNonFinite)
  }

  /// Writes one member, or nothing for nil.
  package mutating func field<Value: FieldValue>(_ name: StaticString, _ value: Value?) {
    if let value { field(name, value) }
  }

  /// Writes one member that is an object whose members `body` writes.
  package mutating func object(_ name: StaticString, _ body: (inout ObjectWriter) -> Void) {
    begin(name)
    braced(body)
  }

  /// Writes one member that is a list of objects, `body` writing the members of each. Linear in the elements.
  package mutating func list<Element>(
    _ name: StaticString, _ elements: some Sequence<Element>,
    _ body: (Element, inout ObjectWriter) -> Void
  ) {
    begin(name)
    bracketed(elements) { (element, object) in
      object.braced { body(element, &$0) }
    }
  }

  /// Writes an object: braces around the members that `body` writes.
  package mutating func braced(_ body: (inout ObjectWriter) -> Void) {
    let outer = open()
    body(&self)
    close(outer)
  }

  /// Begins an object.
  ///
  /// - Returns: what ``close(_:)`` needs to know of the object around it.
  mutating func open() -> Bool {
    defer { needsComma = false }
    json.append(byte: UInt8(ascii: "{"))
    return needsComma
  }

  /// Ends an object.
  mutating func close(_ outer: Bool) {
    json.append(byte: UInt8(ascii: "}"))
    needsComma = outer
  }

  /// Writes a list: brackets around the values that `body` writes, one for each element.
  mutating func bracketed<Element>(
    _ elements: some Sequence<Element>, _ body: (Element, inout ObjectWriter) -> Void
  ) {
    json.append(byte: UInt8(ascii: "["))
    var isFirst = true
    for element in elements {
      if !isFirst { json.append(byte: UInt8(ascii: ",")) }
      isFirst = false
      body(element, &self)
    }
    json.append(byte: UInt8(ascii: "]"))
  }

  /// Writes what stands before the value of a member.
  private mutating func begin(_ name: StaticString) {
    json.append(memberName: name, afterComma: needsComma)
    needsComma = true
  }
}

/// Members of an object as text, for objects that are alike but for a few members: what they share is spelled once.
package struct WrittenFields: Sendable {
  fileprivate let bytes: [UInt8]
  fileprivate let sawNonFinite: Bool

  package init(_ body: (inout ObjectWriter) -> Void) {
    var writer = ObjectWriter()
    body(&writer)
    bytes = writer.json.bytes
    sawNonFinite = writer.json.sawNonFinite
  }
}
