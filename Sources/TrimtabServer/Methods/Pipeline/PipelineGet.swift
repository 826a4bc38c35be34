package import JSON
package import Sessions

/// `pipeline/get`: a pipeline as it was defined.
package enum PipelineGet: SessionQuery {
  package static let name = "pipeline/get"
  package static let purpose =
    "Returns a pipeline's definition, its schedule as the CSV that PyTorch reads, and the state of its frontier."
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
    let pipeline = try session.pipeline(params.pipeline)
    return Answer(
      pipeline: pipeline, definition: WrittenJSON(pipeline.writeDefinition), scheduleCSV: pipeline.scheduleCSV)
  }

  package struct Answer: AnswerObject {
    let pipeline: SessionState.Pipeline
    let definition: WrittenJSON
    let scheduleCSV: String?

    package static let fields = Fields<Answer> {
      Field("pipeline", "The pipeline's name.") { $0.pipeline.name }
      Field("definition", "The params of pipeline/define that make it.") { $0.definition }
      Field("rankOfStage", "For each stage the rank that holds it.") { $0.pipeline.definition.rankOfStage }
      Field("instructionCount", "Instructions in one iteration.") { $0.pipeline.definition.instructions.count }
      Field(
        "scheduleCSV",
        "A row for each rank, as PyTorch writes it; absent for an explicit graph. Cells with R or FB are an extension."
      ) { $0.scheduleCSV }
      Field("generation", "Counts the pipeline's frontiers; 0 before the first.") { $0.pipeline.generation }
      Field("stale", "Whether its profile has changed since the last one.") { $0.pipeline.isStale }
      Field("follow", "Whether the frontier follows the profile.") {
        $0.pipeline.frontierOrigin?.follows ?? false
      }
    }
  }
}
