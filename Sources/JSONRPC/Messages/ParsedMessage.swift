internal import JSON

/// A message after parsing, and what of its line comes after it.
package struct ParsedMessage: Sendable {
  let result: Result<JSON.Passed, JSONSyntaxError>
  /// What follows on the same line.
  let rest: [UInt8]

  /// Reads `text`, a whole message or, where it `mayHaveRest`, a line of one or more. Linear in the bytes.
  init(_ text: JSONText, maximumDepth: Int, mayHaveRest: Bool) {
    do throws(JSONSyntaxError) {
      guard mayHaveRest else {
        result = .success(try JSON.pass(text, maximumDepth: maximumDepth))
        rest = []
        return
      }
      let (passed, byteCount) = try JSON.passFirst(of: text, maximumDepth: maximumDepth)
      result = .success(passed)
      rest = Array(text.bytes[byteCount...])
    } catch {
      result = .failure(error)
      rest = []
    }
  }

  /// What `bytes` are; a zero stands behind them.
  static func result(of bytes: UnsafeBufferPointer<UInt8>, _ maximumDepth: Int) -> Result<JSON.Passed, JSONSyntaxError>
  {
    do throws(JSONSyntaxError) {
      return .success(try JSON.pass(zeroTerminated: bytes, maximumDepth: maximumDepth))
    } catch {
      return .failure(error)
    }
  }
}
