package import EnergyFrontier
package import JSON
package import Sessions

extension IterationsSummary: AnswerObject {
  package static let fields = Fields<IterationsSummary> {
    Field("iterationCount", "Iterations that count now.") { $0.iterationCount }
    Field(
      "strayCount",
      "Those of them that are left out, because nearly all others of their plan last another time: at most a fifth."
    ) { $0.review.strayCount }
    Field(
      "verdict",
      """
      `holds`: what differs is noise. `corrected`: the misfits explain it. `unexplained`: the model is off by more than \
      half a percent in a way that no misfit explains, or the machine has changed: do not trust it. `undecided`: fewer \
      than three iterations.
      """
    ) { $0.review.verdict }
    Field("misfits", "By what the machine differs from the model: of the time, then of the energy.") {
      $0.review.misfits
    }
    Field("iterationTime", "How far modelled iteration times are off.") { $0.review.time }
    Field("energy", "How far modelled energies are off; absent where none was measured.") { $0.review.energy }
    Field("plans", "The plans that ran, by first report.") { $0.review.plans }
    Field(
      "rankBusyFractions", unit: "1",
      "For each rank its measured over its modelled busy time, less 1; absent where none was measured."
    ) { $0.review.rankBusyFractions }
    Field(
      "changedFrom",
      """
      The first iteration, counted from 0 among those that count, from which on the machine is another one than before \
      by more than noise; absent where it stayed the same. Corrections are those of the time before.
      """
    ) { $0.review.changedFrom }
    Field("changedFromStep", "Its step of training, where that was said.") { $0.changedFromStep }
    Field("adopted", "Whether frontiers are computed with the misfits corrected.") { $0.isAdopted }
    Field(
      "recomputes", "Whether the frontier is being computed again in the background; frontier/changed announces it."
    ) { $0.isRecomputed }
  }
}

extension ModelReview.Verdict: FieldValue {}

/// The kinds of misfit as the wire has them.
enum MisfitName: String, CaseIterable, FieldValue {
  case transferLatency, blockingTransfers, instructionOverhead, iterationOverhead, uniformSlowdown, rankSlowdown
  case energyShare, energyOffset, waitingPower

  init(_ kind: MisfitKind) {
    self =
      switch kind {
      case .transferLatency: .transferLatency
      case .blockingTransfers: .blockingTransfers
      case .instructionOverhead: .instructionOverhead
      case .iterationOverhead: .iterationOverhead
      case .uniformSlowdown: .uniformSlowdown
      case .rankSlowdown: .rankSlowdown
      case .energyShare: .energyShare
      case .energyOffset: .energyOffset
      case .waitingPower: .waitingPower
      }
  }
}

extension ModelReview.Misfit: AnswerObject {
  package static let fields = Fields<ModelReview.Misfit> {
    Field(
      "kind",
      """
      `transferLatency`: every transfer between ranks takes longer than said. `blockingTransfers`: a rank goes on only \
      when what it sent has been received. `instructionOverhead`, `iterationOverhead`: every instruction, or iteration, \
      takes longer by the same time. `uniformSlowdown`, `rankSlowdown`: all instructions, or those of a rank, last \
      longer by a share. `energyShare`: instructions draw more by a share. `energyOffset`: every iteration draws more by \
      the same energy. `waitingPower`: waiting devices draw more by a share.
      """
    ) { MisfitName($0.kind) }
    Field("rank", "The rank, of `rankSlowdown`.") { $0.rank }
    Field("seconds", "Its size, where it is a time.") { $0.kind.isTime ? $0.size : nil }
    Field("fraction", unit: "1", "Its size, where it is a share; negative where the machine is faster or draws less.") {
      $0.kind.isShare ? $0.size : nil
    }
    Field("joules", "Its size, where it is an energy.") { $0.kind == .energyOffset ? $0.size : nil }
    Field("shareFraction", "By how much it changes the iteration time, or the energy, on average.") {
      $0.shareFraction
    }
    Field(
      "alternatives",
      """
      Misfits that explain the measurements as well: more plans, or busy times, tell them apart. The frontier is \
      corrected by the one that is named first.
      """
    ) { $0.alternatives.map(MisfitAlternative.init) }
  }
}

struct MisfitAlternative: AnswerObject {
  let kind: MisfitKind

  static let fields = Fields<MisfitAlternative> {
    Field("kind", "The kind of misfit.") { MisfitName($0.kind) }
    Field("rank", "The rank, of `rankSlowdown`.") { $0.kind.rank }
  }
}

extension MisfitKind {
  fileprivate var rank: Int? {
    if case .rankSlowdown(let rank) = self { return rank }
    return nil
  }

  fileprivate var isShare: Bool { !isTime && self != .energyOffset && self != .blockingTransfers }
}

extension ModelReview.Misfit {
  fileprivate var rank: Int? { kind.rank }
}

extension ModelReview.Deviation: AnswerObject {
  package static let fields = Fields<ModelReview.Deviation> {
    Field("modelFraction", "Mean measured over modelled, less 1, of the model as profile and pipeline have it.") {
      $0.modelFraction
    }
    Field("correctedFraction", "The same of the corrected model.") { $0.correctedFraction }
    Field("planFraction", "By how much the corrected model is off for single plans: the root of the mean square.") {
      $0.planFraction
    }
    Field(
      "noiseFraction", "Standard deviation of single iterations of a plan; absent where none was measured twice."
    ) { $0.noiseFraction }
  }
}

extension ModelReview.Plan: AnswerObject {
  package static let fields = Fields<ModelReview.Plan> {
    Field("iterationCount", "Its iterations.") { $0.iterationCount }
    Field("measuredTimeSeconds", "Their mean time.") { $0.measured.iterationTimeSeconds }
    Field("modelledTimeSeconds", "What the model says.") { $0.modelled.iterationTimeSeconds }
    Field("correctedTimeSeconds", "What the corrected model says.") { $0.corrected.iterationTimeSeconds }
    Field("measuredEnergyJoules", "Their mean energy; absent where none was measured.") {
      $0.hasEnergy ? $0.measured.energyJoules : nil
    }
    Field("modelledEnergyJoules", "What the model says.") { $0.modelled.energyJoules }
    Field("correctedEnergyJoules", "What the corrected model says.") { $0.corrected.energyJoules }
  }
}
