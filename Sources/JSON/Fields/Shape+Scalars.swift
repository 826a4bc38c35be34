package import Basics

extension Shape where Value == JSON {
  /// Any value at all, kept to be sent back as it came. As a field it may not be null, which means absent.
  package static var any: Shape {
    Shape(expectation: "any value but null", placeholder: .null) { (json) in json.detached }
  }
}

extension Shape where Value == Bool {
  /// `true` or `false`.
  package static var bool: Shape {
    Shape(type: .boolean, expectation: "true or false", placeholder: false) { (json) in json.boolValue }
  }
}

extension Shape where Value == String {
  /// Any string, the empty one included.
  package static var string: Shape {
    Shape(type: .string(), expectation: "a string", placeholder: "") { (json) in json.stringValue?.text }
  }

  /// A string whose length lies in `length`, counted in Unicode scalars.
  package static func text(_ length: ClosedRange<Int> = 1...256) -> Shape {
    Shape(
      type: .string(length: length), expectation: "a string of \(length.lowerBound)...\(length.upperBound) characters",
      placeholder: String(repeating: "a", count: length.lowerBound)
    ) { (json) in
      json.stringValue.flatMap { hasLength($0, length) ? $0.text : nil }
    }
  }
}

extension Shape where Value == ExactString {
  /// A name that the client chooses, compared by its bytes; its length lies in `length`, counted in Unicode scalars.
  package static func name(_ length: ClosedRange<Int> = 1...256) -> Shape<ExactString> {
    Shape(
      type: .string(length: length), expectation: "a string of \(length.lowerBound)...\(length.upperBound) characters",
      placeholder: ExactString(String(repeating: "a", count: length.lowerBound))
    ) { (json) in
      json.stringValue.flatMap { hasLength($0, length) ? $0 : nil }
    }
  }
}

/// Whether the number of Unicode scalars in `name` lies in `length`.
private func hasLength(_ name: ExactString, _ length: ClosedRange<Int>) -> Bool {
  // A scalar takes one to four bytes, so the byte count alone settles nearly every case.
  guard name.byteCount >= length.lowerBound, name.byteCount / 4 <= length.upperBound else { return false }
  if name.byteCount <= length.upperBound, length.lowerBound <= 1 { return true }
  return length.contains(name.text.unicodeScalars.count)
}

extension Shape where Value == Int {
  /// A whole number in `range`; 3.0 counts as 3.
  package static func integer(in range: ClosedRange<Int>) -> Shape {
    Shape(type: .integer(in: range), expectation: "an integer in \(range)", placeholder: range.lowerBound) { (json) in
      json.integerValue.flatMap { range.contains($0) ? $0 : nil }
    }
  }
}

extension Shape where Value == Double {
  /// Any number; finite, as JSON text knows no other.
  package static var number: Shape {
    Shape(type: .number(), expectation: "a number", placeholder: 1) { (json) in json.doubleValue }
  }

  /// No quantity is larger, so that products of a few of them stay finite.
  package static var largestQuantity: Double { 1e30 }

  /// A number > 0 and at most ``largestQuantity``.
  package static var positive: Shape {
    Shape(
      type: .number(in: .init(above: 0, atMost: largestQuantity)), expectation: "a number > 0, at most 1e30",
      placeholder: 1
    ) { (json) in
      json.doubleValue.flatMap { $0 > 0 && $0 <= largestQuantity ? $0 : nil }
    }
  }

  /// A number >= 0 and at most ``largestQuantity``.
  package static var nonNegative: Shape {
    Shape(
      type: .number(in: .init(atLeast: 0, atMost: largestQuantity)), expectation: "a number in 0...1e30",
      placeholder: 1
    ) { (json) in
      json.doubleValue.flatMap { $0 >= 0 && $0 <= largestQuantity ? $0 : nil }
    }
  }

  /// A number in `range`, both ends included.
  package static func number(in range: ClosedRange<Double>) -> Shape {
    // Canonical text spells 1.0 as 1.
    Shape(
      type: .number(in: .init(atLeast: range.lowerBound, atMost: range.upperBound)),
      expectation: "a number in "
        + [range.lowerBound, range.upperBound].map { JSON.number($0).canonicalText }.joined(separator: "..."),
      placeholder: range.lowerBound
    ) { (json) in
      json.doubleValue.flatMap { range.contains($0) ? $0 : nil }
    }
  }
}

extension Shape where Value: RawRepresentable & CaseIterable & Sendable, Value.RawValue == String {
  /// One of the raw values of a closed enum.
  package static func choice(_ type: Value.Type = Value.self) -> Shape {
    Shape(
      type: .choice(Value.allCases.map(\.rawValue)),
      expectation: "one of " + Value.allCases.map { JSON.string($0.rawValue).text }.joined(separator: ", "),
      // An enum without cases has no value, so no shape of it can be declared to any purpose.
      placeholder: Value.allCases.first!
    ) { (json) in
      json.stringValue.flatMap(Value.init(named:))
    }
  }
}
