/// One step of one rank: run `kind` for `microbatch` on `stage`.
///
/// An overlapped pair is one step too, because its two halves share the device and can only be measured together:
/// its `stage` and `microbatch` are the forward's, and ``overlapped`` tells the backward's.
public struct ScheduledInstruction: Sendable, Hashable {
  public let stage: Int
  public let kind: InstructionKind
  public let microbatch: Int
  /// The backward's half of ``InstructionKind/forwardWithBackward``; nil for every other kind.
  public let overlapped: OverlappedBackward?

  /// The backward of an overlapped pair.
  public struct OverlappedBackward: Sendable, Hashable {
    public let stage: Int
    public let microbatch: Int

    public init(stage: Int, microbatch: Int) {
      self.stage = stage
      self.microbatch = microbatch
    }
  }

  /// Any instruction but an overlapped pair.
  public init(stage: Int, kind: InstructionKind, microbatch: Int) {
    precondition(kind != .forwardWithBackward, "an overlapped pair needs its backward")
    self.stage = stage
    self.kind = kind
    self.microbatch = microbatch
    overlapped = nil
  }

  /// A forward overlapped with a backward.
  public init(stage: Int, microbatch: Int, overlapping backward: OverlappedBackward) {
    self.stage = stage
    kind = .forwardWithBackward
    self.microbatch = microbatch
    overlapped = backward
  }

  /// Which of the stage's tables measures it: the kind's name, for a pair followed by `Of` and the backward's stage,
  /// as in `forwardWithBackwardOf7`. So a pair's table is known by both stages.
  public var tableName: String {
    overlapped.map { "\(kind.rawValue)Of\($0.stage)" } ?? kind.rawValue
  }

  /// What it does one by one: a pair's forward and backward, else itself.
  public var parts: [ScheduledInstruction] {
    guard let overlapped else { return [self] }
    return [
      ScheduledInstruction(stage: stage, kind: .forward, microbatch: microbatch),
      ScheduledInstruction(stage: overlapped.stage, kind: .backward, microbatch: overlapped.microbatch),
    ]
  }
}

extension ScheduledInstruction: CustomStringConvertible {
  /// As in a schedule's CSV, for example `3F0`, `3I0` or `(0F7;7B3)OVERLAP_F_B`.
  public var description: String {
    switch kind {
    case .forward: "\(stage)F\(microbatch)"
    case .backward: "\(stage)B\(microbatch)"
    case .recompute: "\(stage)R\(microbatch)"
    case .inputGradient: "\(stage)I\(microbatch)"
    case .weightGradient: "\(stage)W\(microbatch)"
    case .recomputeBackward: "\(stage)FB\(microbatch)"
    case .forwardWithBackward: "(\(parts[0]);\(parts[1]))OVERLAP_F_B"
    case .sendForward, .receiveForward, .sendBackward, .receiveBackward, .unshard, .reshard, .reduceGradient:
      "\(stage)\(kind.communicationName!)\(kind.hasMicrobatch ? "\(microbatch)" : "")"
    }
  }
}
