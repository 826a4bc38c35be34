package import Basics
internal import EnergyFrontier
package import JSON

/// What a change of setting takes where that depends on the two settings, as a client says it.
package struct SettingLatencies: Sendable, Equatable {
  /// Seconds that setting each knob takes, a member of settings that are objects; `frequency` is also the one knob of a
  /// setting that is a number. What differs beside these takes the rank's ``SwitchCost``, once.
  package var knobSeconds: [ExactString: Double] = [:]
  /// Settings between which a change takes a time of its own, each pair at most once.
  package var pairs: [Pair] = []

  package init() {}

  package struct Pair: Sendable, Equatable {
    package let from: JSON
    package let to: JSON
    package let seconds: Double

    package init(from: JSON, to: JSON, seconds: Double) {
      (self.from, self.to, self.seconds) = (from, to, seconds)
    }
  }

  package var isEmpty: Bool { knobSeconds.isEmpty && pairs.isEmpty }

  /// Whether no change takes longer than the rank says for any.
  var isFree: Bool { knobSeconds.values.allSatisfy { $0 == 0 } && pairs.allSatisfy { $0.seconds == 0 } }

  /// Refuses a pair that is there twice, or that is no change.
  ///
  /// - Throws: ``RequestError`` of kind `invalidPipeline`.
  /// - Complexity: O(pairs).
  func checkPairs() throws(RequestError) {
    var seen: [[JSON]: Int] = [:]
    for (index, pair) in pairs.enumerated() {
      let settings = [pair.from.canonicalSetting, pair.to.canonicalSetting]
      guard settings[0] != settings[1] else {
        throw RequestError(
          .invalidPipeline, path: "pairSwitchLatencies[\(index)].toFrequency",
          expected: "another setting than fromFrequency",
          found: pair.to.preview(), fix: "leave the pair out: a setting that stays takes no time")
      }
      if let earlier = seen.updateValue(index, forKey: settings) {
        throw RequestError(
          .invalidPipeline, path: "pairSwitchLatencies[\(index)]", expected: "each pair once, in its direction",
          found: "that of pairSwitchLatencies[\(earlier)] again", fix: "leave one of the two out")
      }
    }
  }

  /// The same for settings by their numbers; nil where changes between these all take what the rank says.
  ///
  /// - Parameter settings: in the form of ``JSON/canonicalSetting``, each once.
  /// - Throws: ``FrontierError/invalidSwitchLatency(seconds:)``.
  /// - Complexity: O(settings x knobs + pairs).
  func ofSettings(_ settings: [JSON]) throws(FrontierError) -> SwitchLatencies? {
    if isEmpty { return nil }
    let numbers = Dictionary(uniqueKeysWithValues: settings.enumerated().map { ($0.element, $0.offset) })
    let known = pairs.compactMap { pair in
      numbers[pair.from.canonicalSetting].flatMap { from in
        numbers[pair.to.canonicalSetting].map { SwitchLatencies.Pair(from: from, to: $0, seconds: pair.seconds) }
      }
    }
    // Knobs that these settings do not have, or leave alone, never differ.
    let knobs = knobSeconds.sorted { $0.key < $1.key }.map { knob in
      (seconds: knob.value, values: Self.numbered(settings.map { $0.value(ofKnob: knob.key) }))
    }.filter { Set($0.values).count > 1 }
    if knobs.isEmpty && known.isEmpty { return nil }
    return try SwitchLatencies(
      knobSeconds: knobs.map(\.seconds), knobValues: settings.indices.map { index in knobs.map { $0.values[index] } },
      rests: Self.numbered(settings.map { $0.without(knobs: knobSeconds) }), pairs: known)
  }

  /// Equal values get equal numbers.
  private static func numbered<Value: Hashable>(_ values: [Value]) -> [Int] {
    var numbers: [Value: Int] = [:]
    return values.map { value in
      let next = numbers.count
      if let known = numbers[value] { return known }
      numbers[value] = next
      return next
    }
  }
}

extension JSON {
  private static let clockKnob = ExactString("frequency")

  /// The value that a canonical setting has for a knob; nil where it has none.
  fileprivate func value(ofKnob knob: ExactString) -> JSON? {
    if case .object(let object) = self { return object.first { $0.key == knob }?.value }
    return doubleValue != nil && knob == Self.clockKnob ? self : nil
  }

  /// A canonical setting less some of its knobs.
  fileprivate func without(knobs: [ExactString: Double]) -> JSON {
    if case .object(let object) = self {
      return .object(JSONObject(members: object.filter { knobs[$0.key] == nil }))
    }
    return doubleValue != nil && knobs[Self.clockKnob] != nil ? .object(JSONObject()) : self
  }
}
