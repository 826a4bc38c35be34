package import JSON
package import Sessions

/// `job/get`: what each pipeline of a job runs now.
package enum JobGet: SessionQuery {
  package static let name = "job/get"
  package static let purpose =
    "Returns what each pipeline of a job runs now, which are reported slow, and what the slowest needs."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .unknownJob]

  package struct Params: SessionScoped {
    package let session: String
    let job: String

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      job = try reader.required(
        "job", .text(), "The job, as named in pipeline/define: the pipeline's name where none was given there.")
    }
  }

  package typealias Answer = JobDescription

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> JobDescription {
    try session.job(params.job)
  }
}

extension JobDescription: AnswerObject {
  package static let fields = Fields<JobDescription> {
    Field("job", "The job.") { $0.name }
    Field(
      "slowestTimeSeconds",
      """
      What the slowest pipeline needs at its fastest plan, T': the iteration time of the job. Absent until a frontier \
      has been computed.
      """
    ) { $0.slowestTimeSeconds }
    Field("pipelines", "Its pipelines, by name.") { $0.pipelines }
    Field("stragglers", "What is reported slow, by pipeline and replica.") { $0.stragglers }
  }
}

extension JobDescription.Pipeline: AnswerObject {
  package static let fields = Fields<JobDescription.Pipeline> {
    Field("pipeline", "The pipeline.") { $0.name }
    Field("replicaOf", "The pipeline whose definition and frontier it shares; absent where it has its own.") {
      $0.source
    }
    Field.inline { $0.plan }
  }
}

extension JobDescription.RunningPlan: AnswerObject {
  package static let fields = Fields<JobDescription.RunningPlan> {
    Field("generation", "The frontier that its plan belongs to.") { $0.choice.generation }
    Field("plan", "The plan it runs; see plan/get.") { $0.choice.plan }
    Field("iterationTimeSeconds", "The plan's iteration time.") { $0.iterationTimeSeconds }
    Field("energyJoules", "Energy of all devices until the plan's iteration ends.") { $0.energyJoules }
  }
}

extension JobDescription.Straggler: AnswerObject {
  package static let fields = Fields<JobDescription.Straggler> {
    Field("pipeline", "The pipeline.") { $0.report.pipeline }
    Field("replica", "The data-parallel replica; absent for all of them.") { $0.report.replica }
    Field("slowdownFraction", "How much longer than planned all of it lasts.") { $0.report.slowdownFraction }
    Field("reportedTimeSeconds", "The iteration time that was reported.") { $0.report.iterationTimeSeconds }
    Field("ranks", "Its ranks that are slow by themselves.") { $0.ranks }
    Field.inline { $0.plan }
  }
}

extension JobDescription.SlowRank: AnswerObject {
  package static let fields = Fields<JobDescription.SlowRank> {
    Field("rank", "The rank.") { $0.rank }
    Field("slowdownFraction", "How much longer than planned its work lasts.") { $0.slowdownFraction }
  }
}
