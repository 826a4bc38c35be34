import Basics
import CLibrary
import JSON
import Testing

@Suite struct RoundTripTests {
  @Test(arguments: 0..<400 as Range<UInt64>)
  func parseUndoesWrite(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let value = randomValue(depth: 5, &generator)
    #expect(try JSON.parse(value.text) == value, "seed \(seed)")
    #expect(try JSON.parse(value.canonicalText).canonicalText == value.canonicalText, "seed \(seed)")
  }

  @Test func doublesComeBackBitForBit() throws {
    var generator = SplitMix64(seed: 7)
    for _ in 0..<20_000 {
      let value = randomDouble(&generator)
      #expect(try JSON.parse(JSON.number(value).text).doubleValue?.bitPattern == value.bitPattern, "\(value)")
    }
  }

  @Test func decimalsReadAsStrtodReadsThem() throws {
    var generator = SplitMix64(seed: 11)
    for _ in 0..<20_000 {
      let integer = generator.next() >> UInt64.random(in: 0...63, using: &generator)
      let digitCount = Int.random(in: 1...25, using: &generator)
      let fraction = String((0..<digitCount).map { _ in "0123456789".randomElement(using: &generator)! })
      let text = "\(integer).\(fraction)e\(Int.random(in: -320...280, using: &generator))"
      #expect(try JSON.parse(text).doubleValue?.bitPattern == strtod(text, nil).bitPattern, "\(text)")
    }
  }

  @Test func opaqueValuesComeBackAsSent() throws {
    let text = #"{"b":1410,"a":[1410.0,-0.0,1e+16,"\u0001\u001F\"\\ é/"],"c":{},"d":[],"e":null,"f":0.1}"#
    #expect(try JSON.parse(text).text == text)
  }

  @Test func canonicalTextSortsKeysAndEqualsNumbers() throws {
    let one = try JSON.parse(#"{"b":1.0,"a":[2e0,-0.0,0.5,1e300],"é":1,"Z":2}"#)
    #expect(one.canonicalText == #"{"Z":2,"a":[2,0,0.5,1e+300],"b":1,"é":1}"#)
  }

  @Test func nonFiniteNumbersAreNullAndNoticed() {
    for value in [Double.nan, .infinity, -.infinity] {
      var writer = JSONWriter()
      writer.write(1.5)
      #expect(!writer.sawNonFinite)
      writer.reset()
      writer.write([JSON.number(value)] as JSON)
      #expect(writer.sawNonFinite)
      #expect(String(decoding: writer.bytes, as: UTF8.self) == "[null]")
      writer.reset()
      #expect(!writer.sawNonFinite && writer.bytes.isEmpty)
    }
  }

  @Test func integersAreWrittenInFull() {
    for value in [0, 9, 10, -1, -10, 1_234_567_890, Int64.max, .min] {
      #expect(JSON.integer(value).text == "\(value)")
    }
  }

  @Test func previewIsShort() throws {
    let ones = JSON.array(Array(repeating: 1, count: 100_000))
    #expect(ones.preview() == "[" + String(repeating: "1,", count: 38) + "...")
    #expect(JSON.string(String(repeating: "x", count: 1000)).preview(limit: 10) == "\"xxxxxx...")
    #expect(try JSON.parse(#"{"a":[1,"b"]}"#).preview() == #"{"a":[1,"b"]}"#)
  }

  private func randomDouble(_ generator: inout SplitMix64) -> Double {
    let value = Double(bitPattern: generator.next())
    return value.isFinite ? value : 0.5
  }

  private func randomValue(depth: Int, _ generator: inout SplitMix64) -> JSON {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
    case 0: return .null
    case 1: return .bool(.random(using: &generator))
    case 2: return .integer(Int64(bitPattern: generator.next()) >> Int64.random(in: 0...63, using: &generator))
    case 3: return .number(randomDouble(&generator))
    case 4, 5: return .string(randomText(&generator))
    case 6:
      let count = Int.random(in: 0...4, using: &generator)
      return .array((0..<count).map { _ in randomValue(depth: depth - 1, &generator) })
    default:
      return .object(
        JSONObject(
          members: (0..<Int.random(in: 0...4, using: &generator)).map { _ in
            .init(key: randomText(&generator), value: randomValue(depth: depth - 1, &generator))
          }))
    }
  }

  private func randomText(_ generator: inout SplitMix64) -> String {
    var scalars = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0...20, using: &generator) {
      let bound: UInt32 = [0x20, 0x80, 0x800, 0x110000].randomElement(using: &generator)!
      scalars.append(Unicode.Scalar(UInt32.random(in: 0..<bound, using: &generator)) ?? "\"")
    }
    return String(scalars)
  }
}
