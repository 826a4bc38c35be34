internal import EnergyFrontier
package import JSON
package import Sessions

/// `frontier/curve`: the whole frontier.
package enum FrontierCurve: SessionQuery {
  package static let name = "frontier/curve"
  package static let purpose =
    "Gives the corners of the exact lower bound and all plans, both by rising iteration time."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .unknownPipeline, .notCharacterized]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let picture: Bool

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      picture = try reader.optional("picture", .bool, default: false, "Whether to draw the frontier too.")
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    Answer(
      characterized: try session.frontier(of: params.pipeline), isStale: session.isStale(params.pipeline),
      title: params.picture ? params.pipeline : nil)
  }

  package struct Answer: ObjectWritable {
    let characterized: CharacterizedFrontier
    let isStale: Bool
    /// The picture's title, when one was asked for.
    let title: String?

    package func write(to object: inout ObjectWriter) {
      let frontier = characterized.frontier
      object.field("generation", characterized.generation, "Which frontier answered.")
      object.field("stale", isStale, "Whether the pipeline or its profile has changed since.")
      object.list("lowerBound", frontier.curve.breakpoints, "Corners; between them the bound is straight.") {
        corner, entry in
        entry.field("iterationTimeSeconds", corner.iterationTimeSeconds, "Iteration time in seconds.")
        entry.field("energyJoules", corner.energyJoules, "Joules of all devices, waiting included.")
      }
      frontier.curve.writeExactness(to: &object)
      object.list("plans", frontier.plans.indices, "Plans; none is dominated.") { index, entry in
        frontier.plans[index].write(to: &entry, number: index)
      }
      object.object("allMaxFrequency", "Every instruction at its highest frequency, for comparison.") {
        characterized.inputs.allMaxFrequency.write(to: &$0)
      }
      object.field(
        "svg", title.map { FrontierPicture(characterized, title: $0).svg },
        "The picture as SVG, where it was asked for.")
    }
  }
}
