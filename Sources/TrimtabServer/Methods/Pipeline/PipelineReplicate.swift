package import JSON
package import Sessions

/// `pipeline/replicate`: pipelines like one that is there.
package enum PipelineReplicate: SessionStep {
  package static let name = "pipeline/replicate"
  package static let purpose =
    "Adds pipelines to a pipeline's job that share its definition, profile and frontier, whatever becomes of them: nothing is stored or computed again. Each has its own current plan, its own straggler reports, and may be named wherever a frontier or plan is asked for."
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
      try reader.check(Set(replicas).count == replicas.count, "replicas", expected: "each name once")
    }
  }

  package static func apply(_ params: Params, to session: inout SessionState) throws(RequestError) -> StepResult<Answer>
  {
    let source = try session.pipelineIndex(params.pipeline)
    for (index, name) in params.replicas.enumerated() where session.membership(name) != nil {
      throw RequestError(
        .invalidPipeline, path: "replicas[\(index)]", expected: "names that no pipeline has", found: "\"\(name)\"",
        fix: "leave it out, or choose another name")
    }
    let (job, changes) = session.share(source, with: params.replicas)
    let members = session.jobs[job].members.count
    guard members <= Limits.replicaCount else {
      throw RequestError(
        .invalidPipeline, path: "replicas", expected: "at most \(Limits.replicaCount) pipelines in a job",
        found: "\(members)", fix: "let one pipeline stand for several with dataParallelWidth")
    }
    let name = session.jobs[job].name
    return StepResult(
      Answer(revision: session.revision, job: name, pipelineCount: members),
      events: [session.planEvent(changes, ofJob: name, cause: .pipelineDefined)])
  }

  package struct Answer: ObjectWritable {
    let revision: Int
    let job: String
    let pipelineCount: Int

    package func write(to object: inout ObjectWriter) {
      object.field("revision", revision, "Counts the session's accepted changes.")
      object.field("job", job, "The job they are in.")
      object.field("pipelineCount", pipelineCount, "Pipelines of the job now.")
    }
  }
}
