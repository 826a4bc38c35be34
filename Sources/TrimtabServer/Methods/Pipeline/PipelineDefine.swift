internal import EnergyFrontier
package import JSON
package import Sessions

/// `pipeline/define`: what one training iteration consists of.
package enum PipelineDefine: InPlaceStep {
  package static let name = "pipeline/define"
  package static let purpose =
    """
    Defines a pipeline by a named schedule, by a schedule's CSV, or by an explicit graph of instructions. Defining a \
    known name again keeps its profile and removes its frontier.
    """
  package static let refusals: [RequestError.Kind] = [.unknownSession, .unknownGPU, .invalidPipeline, .invalidProfile]

  package struct Params: SessionScoped {
    package let session: String
    package let request: PipelineRequest

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      let name = try reader.required("pipeline", .text(), "A name for the pipeline.")
      let job = try reader.optional(
        "job", .text(),
        """
        The job whose iterations it takes part in. The pipelines of a job synchronize gradients, so the slowest \
        determines the iteration time of all. By default a job of its own, of the pipeline's name.
        """
      )
      let schedule = try ScheduleFields(from: &reader)
      let ranks = try RankFields(from: &reader)
      let extras = try ExtrasFields(from: &reader)
      let source = try schedule.source(&reader, extras)
      var request = PipelineRequest(name, source: source)
      request.job = job
      schedule.add(to: &request)
      ranks.add(to: &request)
      request.extras = extras.extras
      self.request = request
    }
  }

  package typealias Answer = Revised<PipelineSummary>

  package static func apply(
    _ params: Params, to session: inout SessionState
  ) throws(RequestError) -> StepResult<Answer> {
    try session.define(params.request).map { Revised(session.revision, $0) }
  }
}

extension PipelineSummary: AnswerObject {
  package static let fields = Fields<PipelineSummary> {
    Field("pipeline", "The pipeline's name.") { $0.name }
    Field("instructionCount", "Instructions in one iteration.") { $0.instructionCount }
    Field("dependencyCount", "Distinct dependencies between them.") { $0.dependencyCount }
    Field(
      "tables",
      """
      The (stage, instruction) pairs that need measurements. Schedules have `forward`, `backward`, `inputGradient`, \
      `weightGradient`, `recompute` and `recomputeBackward`; a forward overlapped with a backward of stage 7 is one \
      instruction, `forwardWithBackwardOf7`.
      """
    ) { $0.tables }
  }
}
