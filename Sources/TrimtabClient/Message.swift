internal import Basics
internal import JSON

/// Params that are sent as a request, with the method that they are for and what it answers.
public protocol Request: Codable, Sendable {
  associatedtype Answer: Decodable & Sendable
  /// As it stands on the wire.
  static var method: String { get }
}

/// Params of a notification that the server sends.
public protocol ServerNotification: Decodable, Sendable {
  static var method: String { get }
}

/// Params of a notification that a client sends.
public protocol ClientNotification: Encodable, Sendable {
  static var method: String { get }
}

/// What a method answers that has nothing to say.
public struct NoAnswer: Decodable, Hashable, Sendable {
  public init(from decoder: any Decoder) {}
}

/// A string that is one of a few words; those that these types know are its static members.
///
/// It is open, since the server of a later version may send others.
public protocol Word: RawRepresentable, Codable, Hashable, Sendable, ExpressibleByStringLiteral
where RawValue == String {
  init(rawValue: String)
}

extension Word {
  public init(stringLiteral value: String) { self.init(rawValue: value) }
}

/// Any JSON value, for fields without a shape of their own.
public enum JSONValue: Codable, Hashable, Sendable {
  case null
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .boolean(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}

extension JSONValue {
  init(_ json: JSON) {
    switch json {
    case .null: self = .null
    case .bool(let value): self = .boolean(value)
    case .integer(let value): self = .integer(Int(value))
    case .number(let value): self = .number(value)
    case .string(let value): self = .string(value.text)
    case .array(let elements): self = .array(elements.map(JSONValue.init))
    case .object(let members):
      self = .object(Dictionary(members.map { ($0.key.text, JSONValue($0.value)) }) { _, last in last })
    }
  }
}

/// How far a request has come that takes long.
public struct RequestProgress: Hashable, Sendable {
  /// In 0...100; never falls.
  public var percentage: Int?
  /// For a person.
  public var message: String?
}
