/// The answers to the requests of one batch, kept until the last one is there.
///
/// They go out in the order of the requests, whatever order they came in.
final class Batch {
  private var answers: [[UInt8]?] = []
  private var missing = 0
  private var omitted: Set<Int> = []
  /// The bytes that the answers so far take.
  private(set) var byteCount = 0
  private var isSealed = false

  /// True once all answers are there.
  var isComplete: Bool { isSealed && missing == 0 }

  /// Makes room for one more answer and returns its place.
  func addSlot() -> Int {
    answers.append(nil)
    missing += 1
    return answers.count - 1
  }

  /// Puts an answer in its place.
  func fill(_ slot: Int, with answer: [UInt8]) {
    answers[slot] = answer
    missing -= 1
    byteCount += answer.count
  }

  /// Has the answer to the batch be without one that is not wanted any more.
  func omit(_ slot: Int) {
    omitted.insert(slot)
    missing -= 1
  }

  /// Says that no more slots will be added.
  func seal() {
    isSealed = true
  }

  /// The array of all answers; nil for a batch that asks for none, or none any more.
  func takeText() -> [UInt8]? {
    guard answers.count > omitted.count else { return nil }
    var text: [UInt8] = []
    text.reserveCapacity(byteCount + answers.count + 1)
    for (index, answer) in answers.enumerated() where !omitted.contains(index) {
      text.append(text.isEmpty ? UInt8(ascii: "[") : UInt8(ascii: ","))
      text.append(contentsOf: answer ?? [])
    }
    text.append(UInt8(ascii: "]"))
    answers = []
    return text
  }
}
