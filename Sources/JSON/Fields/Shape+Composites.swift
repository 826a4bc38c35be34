package import Basics

extension Shape where Value: ObjectReadable {
  /// An object with the fields that `type` declares; others are noted as unknown.
  ///
  /// An empty list counts as an empty object, because clients in languages with one table type (Lua, Vim script,
  /// PHP) cannot tell the two apart. `type` must not contain itself.
  package static func object(_ type: Value.Type = Value.self) -> Shape {
    Shape(
      convert: { (json, unknown) throws(InvalidField) in
        switch json {
        case .object(let object): return try Value(reading: object, &unknown)
        case .array(let elements) where elements.isEmpty: return try Value(reading: JSONObject(), &unknown)
        default: return nil
        }
      },
      describe: { "an object" },
      makePlaceholder: { () throws(InvalidField) in
        var reader = ObjectReader.recording()
        return try Value(from: &reader)
      },
      describeType: { .object(Schema.of(type), type) })
  }
}

extension Shape {
  /// A list with as many elements as `count` allows, each of shape `element`. Linear in the elements.
  package static func list<Element>(
    of element: Shape<Element>, count: ClosedRange<Int>
  ) -> Shape where Value == [Element] {
    list(of: element, atLeast: count.lowerBound, atMost: count.upperBound)
  }

  /// A list with at least `count.lowerBound` elements, each of shape `element`. Linear in the elements.
  package static func list<Element>(
    of element: Shape<Element>, count: PartialRangeFrom<Int> = 0...
  ) -> Shape where Value == [Element] {
    list(of: element, atLeast: count.lowerBound, atMost: nil)
  }

  /// A list of two elements, each of shape `element`, and perhaps a third of shape `extra`.
  package static func pair<Element, Extra>(
    of element: Shape<Element>, perhaps extra: Shape<Extra>
  ) -> Shape where Value == (Element, Element, Extra?) {
    Shape(
      convert: { (json, unknown) throws(InvalidField) in
        guard case .array(let parts) = json, parts.count == 2 || parts.count == 3 else { return nil }
        let first = try element.read(parts[0], at: 0, &unknown)
        let second = try element.read(parts[1], at: 1, &unknown)
        return (first, second, parts.count == 3 ? try extra.read(parts[2], at: 2, &unknown) : nil)
      },
      describe: { "a list of 2 \(plural(element.expectation)), and perhaps \(extra.expectation)" },
      makePlaceholder: { () throws(InvalidField) in (try element.placeholder(), try element.placeholder(), nil) },
      describeType: { .pair(element.type, perhaps: extra.type) })
  }

  /// An object with names of 1 to 256 characters that the client chooses, each once, and values of shape `element`, in
  /// the order in which they stand. O(members^2) comparisons of names.
  package static func map<Element>(
    of element: Shape<Element>, count: ClosedRange<Int>
  ) -> Shape where Value == [(name: ExactString, value: Element)] {
    Shape(
      convert: { (json, unknown) throws(InvalidField) in
        // An empty list as for ``object(_:)``.
        if case .array(let elements) = json, elements.isEmpty, count.contains(0) { return [] }
        guard case .object(let object) = json, count.contains(object.count) else { return nil }
        var values: Value = []
        for member in object {
          guard 1...256 ~= member.key.text.unicodeScalars.count else { return nil }
          let name = Preview.cut(member.key.text)
          guard !values.contains(where: { $0.name == member.key }) else {
            throw InvalidField(path: [.key(name)], expected: "each name once", found: "it twice")
          }
          do throws(InvalidField) {
            values.append((member.key, try element.read(member.value, &unknown)))
          } catch {
            throw error.inside(.key(name))
          }
        }
        return values
      },
      describe: { "an object of \(count.lowerBound)...\(count.upperBound) values, each \(element.expectation)" },
      makePlaceholder: { () throws(InvalidField) in [(ExactString("a"), try element.placeholder())] },
      describeType: { .map(element.type) })
  }

  private static func list<Element>(
    of element: Shape<Element>, atLeast: Int, atMost: Int?
  ) -> Shape where Value == [Element] {
    Shape(
      convert: { (json, unknown) throws(InvalidField) in
        guard case .array(let elements) = json, elements.count >= atLeast, elements.count <= atMost ?? .max else {
          return nil
        }
        var values: [Element] = []
        values.reserveCapacity(elements.count)
        // What was understood of the elements; empty while that is all of each.
        var understood: [JSON] = []
        for (index, json) in elements.enumerated() {
          values.append(try element.read(json, at: index, &unknown))
          guard unknown.collectsUnderstood else { continue }
          if let inner = unknown.takeUnderstood() {
            if understood.isEmpty { understood = Array(elements.prefix(index)) }
            understood.append(inner)
          } else if !understood.isEmpty {
            understood.append(json)
          }
        }
        if !understood.isEmpty { unknown.understood = .array(understood) }
        return values
      },
      describe: {
        let count = atLeast == atMost ? "\(atLeast) " : "\(atLeast)...\(atMost.map(String.init) ?? "") "
        return "a list of \(atLeast == 0 && atMost == nil ? "" : count)\(plural(element.expectation))"
      },
      makePlaceholder: { () throws(InvalidField) in
        // As many as an initialiser may rely on, and at least one so that nested fields show.
        Array(repeating: try element.placeholder(), count: max(atLeast, min(1, atMost ?? 1)))
      },
      describeType: { .list(element.type, count: .init(atLeast: atLeast, atMost: atMost)) })
  }
}

extension Shape {
  /// Reads an element of a list.
  fileprivate func read(
    _ json: JSON, at index: Int, _ unknown: inout UnknownFields
  ) throws(InvalidField) -> Value {
    let count = unknown.list.count
    do throws(InvalidField) {
      let value = try read(json, &unknown)
      unknown.enclose(since: count, in: .index(index))
      return value
    } catch {
      throw error.inside(.index(index))
    }
  }
}

/// How a list names elements that are each `expectation`: "an object" gives "objects".
private func plural(_ expectation: String) -> String {
  switch expectation {
  case "an object": "objects"
  case "a number": "numbers"
  case "a string": "strings"
  default: "values, each \(expectation)"
  }
}
