package import JSON
package import Sessions

/// `frontier/savings`: what plans save while another pipeline is slow.
package enum FrontierSavings: SessionQuery {
  package static let name = "frontier/savings"
  package static let purpose =
    """
    Returns, for several slowdowns of a straggler, what each other pipeline saves with its cheapest plan that ends by \
    then, compared with every instruction at its highest frequency. In both cases the devices wait for the straggler \
    and draw the blocking power meanwhile.
    """
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
        """
        How much longer the straggler's iteration lasts than one at the highest frequencies; 0.05, 0.1, 0.2, 0.3, 0.4 \
        and 0.5 by default.
        """
      )
    }

    /// As published tables have them.
    package static let usual = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5]
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    let (frontier, savings) = try session.stragglerSavings(
      of: params.pipeline, slowdownFractions: params.slowdownFractions)
    return Answer(generation: frontier.generation, isStale: frontier.isStale, savings: savings)
  }

  package struct Answer: AnswerObject {
    let generation: Int
    let isStale: Bool
    let savings: [StragglerSavings]

    package static let fields = Fields<Answer> {
      Field.generation { $0.generation }
      Field.isStale { $0.isStale }
      Field("savings", "One for each slowdown, in the order of the request.") { $0.savings }
    }
  }
}

extension StragglerSavings: AnswerObject {
  package static let fields = Fields<StragglerSavings> {
    Field("slowdownFraction", "The straggler's slowdown.") { $0.slowdownFraction }
    Field("stragglerTimeSeconds", "When the straggler ends, T'.") { $0.stragglerTimeSeconds }
    Field("plan", "The plan of every other pipeline.") { $0.plan }
    Field("allMaxEnergyJoules", "Energy at the highest frequencies, waiting until T' included.") {
      $0.allMaxEnergyJoules
    }
    Field("planEnergyJoules", "Energy with the plan, waiting until T' included.") { $0.planEnergyJoules }
    Field("savingFraction", "What the plan saves of that.") { $0.savingFraction }
    Field("boundFraction", "What no plan can exceed.") { $0.boundFraction }
  }
}
