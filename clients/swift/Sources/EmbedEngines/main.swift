// The engines inside a program: a frontier of four stages, and a search among six candidates. Prints both answers.

import EnergyFrontier
import ModelSelection

// MARK: At which clocks: 1F1B with 4 stages and 8 microbatches.

/// What one GPU takes for an instruction at a clock: a part of it is bound by memory, and power grows with the cube.
func measured(at clock: Int, seconds: Double) -> Measurement {
  let speed = Double(clock) / 1980
  let time = seconds * (0.3 + 0.7 / speed)
  return Measurement(timeSeconds: time, energyJoules: time * (100 + 400 * speed * speed * speed))
}

let waitingWatts = 90.0
let schedule = try ExpandedSchedule(.oneForwardOneBackward, stageCount: 4, microbatchCount: 8)
let clocks = Array(stride(from: 990, through: 1980, by: 90))
// A table for each stage's forward and one for its backward, which takes twice as long; the last stage is the slowest.
let tables = try (0..<4).flatMap { stage in
  try [0.010, 0.020].map { seconds in
    try OptionTable(
      measurements: clocks.map { measured(at: $0, seconds: seconds * (1 + 0.05 * Double(stage))) },
      blockingPowerWatts: waitingWatts)
  }
}
let problem = try IterationProblem(
  graph: schedule.graph,
  tableOfInstruction: schedule.instructions.map { 2 * $0.stage + ($0.kind == .forward ? 0 : 1) },
  tables: tables, waitingPowerWatts: 4 * waitingWatts)
let frontier = try Frontier(of: problem)

let fastest = frontier.plans[0]
let deadline = 1.05 * fastest.iterationTimeSeconds
guard let index = frontier.planIndex(within: deadline) else { fatalError("the fastest plan keeps later deadlines") }
let plan = frontier.plans[index]
print("plans: \(frontier.plans.count)")
print("saved within 5 % more time: \(percent(1 - plan.energyJoules / fastest.energyJoules))")
print("above the lower bound: \(percent(plan.gapFraction))")

// MARK: Which model: two encoders with three language models, and curves that stand for trainings.

let pairs = (0..<2).flatMap { encoder in (0..<3).map { (encoder, $0) } }
var search = try Search(
  pool: try Pool(unclustered: pairs.map { Candidate(encoder: $0.0, languageModel: $0.1, costWeight: 1) }),
  settings: SearchSettings())

/// The error of a candidate after a share of the data: a power law down to a floor.
func error(of candidate: Int, after share: Double) -> Double {
  let (encoder, languageModel) = pairs[candidate]
  let floor = 0.20 + 0.05 * Double(encoder) + 0.03 * Double(languageModel)
  return floor + 0.02 / share.squareRoot()
}

while case .assigned(let work) = search.nextTrial() {
  _ = try search.record(
    Report(step: 1, dataFraction: work.toFraction, error: error(of: work.candidate, after: work.toFraction)),
    of: work.trial)
}
guard let suggestion = search.suggestion() else { fatalError("a search that ends has seen a candidate") }
print("suggested candidate: \(suggestion.prediction.candidate)")
print("best with probability: \(percent(suggestion.prediction.probabilityBestFraction))")
print("cost: \(percent(suggestion.spending.gpuSeconds / suggestion.gridGPUSeconds)) of training all")

func percent(_ fraction: Double) -> String { "\((fraction * 1000).rounded() / 10) %" }
