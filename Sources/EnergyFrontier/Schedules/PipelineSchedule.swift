/// The families of pipeline schedules that Trimtab generates; ``ScheduleRecipe`` gives one its sizes.
public enum PipelineSchedule: String, Sendable, CaseIterable {
  /// One forward, one backward in turn after a warm-up (Megatron's non-interleaved, DeepSpeed's TrainSchedule).
  case oneForwardOneBackward = "1f1b"
  /// All forwards, then all backwards (Huang et al. 2019, arXiv 1811.06965).
  case gpipe
  /// 1F1B with several model chunks on each rank (Narayanan et al. 2021, arXiv 2104.04473; Megatron's interleaved).
  case interleavedOneForwardOneBackward = "interleaved1f1b"
  /// 1F1B that recomputes activations before the gradient arrives (Lai et al. 2022, Merak, arXiv 2206.04959).
  case earlyRecomputationOneForwardOneBackward = "earlyRecomputation1f1b"
  /// 1F1B with split backwards, weight gradients put off to fill the bubble (Qi et al. 2023, arXiv 2401.10241).
  ///
  /// With several chunks on each rank it is PyTorch's interleaved zero-bubble schedule.
  case zbh1
  /// Two chunks on each rank in a V, split backwards (Qi et al. 2024, arXiv 2405.15362); the order for equal times.
  case zbv
  /// Two chunks on each rank in a V, forwards overlapped with backwards (DeepSeek's DualPipeV; arXiv 2412.19437).
  case dualpipev
  /// Microbatches enter at both ends, and each part of the model is on two ranks (DeepSeek; arXiv 2412.19437).
  case dualpipe
  /// Several chunks on each rank, all microbatches through one before the next (PyTorch's `ScheduleLoopedBFS`).
  case loopedBreadthFirst = "loopedBFS"
  /// 1F1B of several encoders that feed one decoder, each stage on a rank of its own.
  ///
  /// As in 1F1B, a stage runs as many forwards ahead as there are stages between its output and the loss. So encoders
  /// work beside each other, and each as early as its place demands.
  case encoders = "encoders1f1b"

  /// Chunks on each rank where none are given.
  public var defaultChunksPerRank: Int {
    switch self {
    case .oneForwardOneBackward, .gpipe, .earlyRecomputationOneForwardOneBackward, .zbh1, .encoders: 1
    case .interleavedOneForwardOneBackward, .loopedBreadthFirst, .zbv, .dualpipev, .dualpipe: 2
    }
  }

  /// Whether microbatches pass the chunks in groups, whose size may be chosen.
  public var hasGroups: Bool { self == .interleavedOneForwardOneBackward || self == .zbh1 }

  /// Whether the number of chunks may be chosen.
  public var hasChunks: Bool { hasGroups || self == .loopedBreadthFirst }

  /// Whether stages run down the ranks and up again, instead of round and round.
  var isVShaped: Bool { self == .zbv || self == .dualpipev || self == .dualpipe }
}
