/// What an instruction of a pipeline does; its raw value names its table of measurements.
///
/// A backward may be split into an ``inputGradient`` and a ``weightGradient`` (Qi et al. 2023, arXiv 2401.10241), and
/// what a forward did not keep may be had again by a ``recompute``.
public enum InstructionKind: String, Sendable, CaseIterable, Hashable {
  case forward
  /// Both gradients in one.
  case backward
  /// The forward once more, without sending what comes out, because its activations were not kept.
  case recompute
  /// The gradient of the stage's input, for which the stage before waits.
  case inputGradient
  /// The gradient of the stage's weights; no other instruction depends on it.
  case weightGradient
  /// A recomputation and its backward, run and measured as one.
  case recomputeBackward
  /// A forward and a backward of another microbatch, overlapped on one rank, run and measured as one.
  case forwardWithBackward
  /// Sending a forward's output to the next stage; PyTorch's `SEND_F`.
  case sendForward
  /// Waiting for the output of the stage before, from where the schedule posts it; `RECV_F`.
  case receiveForward
  /// Sending the gradient of the stage's input to the stage before; `SEND_B`.
  case sendBackward
  /// Waiting for the gradient of the stage's output; `RECV_B`.
  case receiveBackward
  /// Gathering the stage's sharded parameters (FSDP).
  case unshard
  /// Freeing what was gathered.
  case reshard
  /// Reducing the stage's gradients among its replicas.
  case reduceGradient

  /// Its name in PyTorch's schedules where it moves data, after the stage and before the microbatch.
  var communicationName: StaticString? {
    switch self {
    case .sendForward: "SEND_F"
    case .receiveForward: "RECV_F"
    case .sendBackward: "SEND_B"
    case .receiveBackward: "RECV_B"
    case .unshard: "UNSHARD"
    case .reshard: "RESHARD"
    case .reduceGradient: "REDUCE_GRAD"
    default: nil
    }
  }

  /// Whether it moves data, and takes no time unless it was measured.
  public var isCommunication: Bool { communicationName != nil }

  /// Whether it is done for a microbatch; if not, its microbatch counts as 0.
  public var hasMicrobatch: Bool { self != .unshard && self != .reshard && self != .reduceGradient }
}
