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
}
