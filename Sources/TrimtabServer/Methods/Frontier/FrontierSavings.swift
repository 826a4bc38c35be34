package import JSON
package import Sessions

/// `frontier/savings`: what plans save while another pipeline is slow.
package enum FrontierSavings: SessionQuery {
  package static let name = "frontier/savings"
  package static let purpose =
    "Tells for several slowdowns of a straggler what each other pipeline saves: its cheapest plan that is done by then, against every instruction at its highest frequency; both wait for the straggler and draw the blocking power meanwhile."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .unknownPipeline, .notCharacterized]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let slowdownFractions: [Double]

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      slowdownFractions = try reader.optional(
        "slowdownFractions", .list(of: .number(in: 0...1e6), count: 1...4096), default: Self.usual,
        "How much longer than an iteration at the highest frequencies the straggler's lasts; by default 0.05, 0.1, 0.2, 0.3, 0.4, 0.5."
      )
    }

    /// As the field tabulates them.
    package static let usual = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5]
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    let characterized = try session.frontier(of: params.pipeline)
    return Answer(
      generation: characterized.generation, isStale: session.isStale(params.pipeline),
      savings: params.slowdownFractions.map { StragglerSavings(characterized, slowdownFraction: $0) })
  }

  package struct Answer: ObjectWritable {
    let generation: Int
    let isStale: Bool
    let savings: [StragglerSavings]

    package func write(to object: inout ObjectWriter) {
      object.field("generation", generation, "Which frontier answered.")
      object.field("stale", isStale, "Whether the pipeline or its profile has changed since.")
      object.list("savings", savings, "One for each slowdown, in their order.") { $0.write(to: &$1) }
    }
  }
}

extension StragglerSavings {
  package func write(to object: inout ObjectWriter) {
    object.field("slowdownFraction", slowdownFraction, "The straggler's slowdown.")
    object.field("stragglerTimeSeconds", stragglerTimeSeconds, "When the straggler is done, T'.")
    object.field("plan", plan, "The plan of every other pipeline.")
    object.field("allMaxEnergyJoules", allMaxEnergyJoules, "At the highest frequencies, waiting until T' included.")
    object.field("planEnergyJoules", planEnergyJoules, "With the plan, waiting until T' included.")
    object.field("savingFraction", savingFraction, "What the plan saves of the former.")
    object.field("boundFraction", boundFraction, "What no plan can save more than.")
  }
}
