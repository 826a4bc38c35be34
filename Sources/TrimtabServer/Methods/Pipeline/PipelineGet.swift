internal import EnergyFrontier
package import JSON
package import Sessions

/// `pipeline/get`: a pipeline as it was defined.
package enum PipelineGet: SessionQuery {
  package static let name = "pipeline/get"
  package static let purpose =
    "Gives a pipeline's definition, its schedule as the CSV that PyTorch reads, and how far its frontier is."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .unknownPipeline]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    let pipeline = session.pipelines[try session.pipelineIndex(params.pipeline)]
    return Answer(pipeline: pipeline, isStale: session.isStale(params.pipeline))
  }

  package struct Answer: ObjectWritable {
    let pipeline: SessionState.Pipeline
    let isStale: Bool

    package func write(to object: inout ObjectWriter) {
      let definition = pipeline.definition
      object.field("pipeline", pipeline.name, "The pipeline's name.")
      object.field("definition", JSON.written(pipeline.writeDefinition), "The params of pipeline/define that make it.")
      object.field("rankOfStage", definition.rankOfStage, "For each stage the rank that holds it.")
      object.field("instructionCount", definition.instructions.count, "Instructions in one iteration.")
      object.field(
        "scheduleCSV", scheduleCSV,
        "A row for each rank, as PyTorch writes it; none for an explicit graph. Cells with R or FB are ours.")
      object.field("generation", pipeline.generation, "Counts the pipeline's frontiers; 0 before the first.")
      object.field("stale", isStale, "Whether its profile has changed since the last.")
      object.field(
        "follow", pipeline.frontierOrigin?.follows ?? false, "Whether the frontier is computed anew by itself.")
    }

    private var scheduleCSV: String? {
      switch pipeline.definition.origin {
      case .generated(let recipe):
        // It was written out when it was accepted, so this cannot throw.
        (try? ExpandedSchedule(recipe)).map(ScheduleCSV.text)
      case .scheduleCSV(let text): text
      case .graph: nil
      }
    }
  }
}
