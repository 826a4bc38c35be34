internal import Basics
package import JSON
package import Sessions

/// `pipeline/replicate`: pipelines like one that is there.
package enum PipelineReplicate: InPlaceStep {
  package static let name = "pipeline/replicate"
  package static let purpose =
    """
    Adds pipelines to a pipeline's job that share its definition, profile and frontier, also when these change later; \
    nothing is stored or computed again. Each has its own current plan and its own straggler reports, and may be named \
    wherever a frontier or plan is asked for.
    """
  package static let refusals: [RequestError.Kind] = [.unknownSession, .unknownPipeline, .invalidPipeline]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let replicas: [String]

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      replicas = try reader.required(
        "replicas", .list(of: .text(), count: 1...Limits.replicaCount), "Names for the new pipelines.")
      try reader.check(
        Set(replicas.map { ExactString($0) }).count == replicas.count, "replicas", expected: "each name once")
    }
  }

  package typealias Answer = Revised<ReplicaSummary>

  package static func apply(
    _ params: Params, to session: inout SessionState
  ) throws(RequestError) -> StepResult<Answer> {
    try session.replicate(params.pipeline, as: params.replicas).map { Revised(session.revision, $0) }
  }
}

extension ReplicaSummary: AnswerObject {
  package static let fields = Fields<ReplicaSummary> {
    Field("job", "The job they are in.") { $0.job }
    Field("pipelineCount", "Pipelines of the job now.") { $0.pipelineCount }
  }
}
