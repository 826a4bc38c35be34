package import JSON
package import Sessions

/// `job/get`: what each pipeline of a job runs now.
package enum JobGet: SessionQuery {
  package static let name = "job/get"
  package static let purpose =
    "Tells what each pipeline of a job runs now, which are reported slow, and what the slowest needs."
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

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    let known = session.jobs.filter { !$0.members.isEmpty }
    guard let job = known.first(where: { $0.name == params.job }) else {
      throw RequestError(
        .unknownJob, path: "job",
        expected: known.isEmpty
          ? "the name of a job; no pipeline is defined yet"
          : "one of " + known.prefix(8).map { "\"\($0.name)\"" }.joined(separator: ", "),
        found: "\"\(params.job)\"", fix: "name it in pipeline/define")
    }
    return Answer(session: session, job: job)
  }

  package struct Answer: ObjectWritable {
    let session: SessionState
    let job: LockstepJob

    package func write(to object: inout ObjectWriter) {
      object.field("job", job.name, "The job.")
      object.field(
        "slowestTimeSeconds", job.slowestTimeSeconds,
        "What the slowest pipeline needs at its fastest plan, T': so long lasts each iteration of the job.")
      object.list("pipelines", job.members, "Its pipelines, by name.") { member, entry in
        let source = session.pipelines[member.source].name
        entry.field("pipeline", member.name, "The pipeline.")
        entry.field("replicaOf", member.name == source ? nil : source, "Whose definition and frontier it shares.")
        write(member, member.choice, to: &entry)
      }
      object.list("stragglers", job.stragglers, "What is reported slow, by pipeline and replica.") { straggler, entry in
        entry.field("pipeline", straggler.pipeline, "The pipeline.")
        entry.field("replica", straggler.replica, "The data-parallel replica; all of them without it.")
        entry.field("slowdownFraction", straggler.slowdownFraction, "How much longer than planned all of it lasts.")
        entry.field("reportedTimeSeconds", straggler.iterationTimeSeconds, "The iteration time that was reported.")
        entry.list(
          "ranks", straggler.rankSlowdownFractions.sorted { $0.key < $1.key }, "Its ranks that are slow by themselves."
        ) { rank, row in
          row.field("rank", rank.key, "The rank.")
          row.field("slowdownFraction", rank.value, "How much longer than planned its work lasts.")
        }
        if straggler.replica != nil, let member = job.memberIndex(straggler.pipeline) {
          write(job.members[member], straggler.choice, to: &entry)
        }
      }
    }

    private func write(_ member: LockstepJob.Member, _ choice: PlanChoice?, to entry: inout ObjectWriter) {
      guard let choice else { return }
      let change = session.change(of: member, replica: nil, to: choice)
      entry.field("generation", choice.generation, "The frontier that its plan belongs to.")
      entry.field("plan", choice.plan, "The plan it runs; see plan/get.")
      entry.field("iterationTimeSeconds", change.iterationTimeSeconds, "The plan's iteration time.")
      entry.field("energyJoules", change.energyJoules, "The plan's joules, all devices, until it ends.")
    }
  }
}
