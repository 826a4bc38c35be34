package import JSON
internal import JSONRPC
internal import Sessions

/// Every request that the server answers, and every notification that it sends or takes. These lists and
/// `ErrorRegistry` are the only ones a person extends by hand.
package enum Catalogue {
  package static var routes: [Route] {
    [
      .initialize(Initialize.self),
      .server(Shutdown.self),
      .document(RPCDiscover.self),

      .open(SessionOpen.self),
      .store(SessionList.self),
      .server(SessionClose.self),
      .watch(SessionWatch.self),
      .query(SessionExport.self),

      .edit(GPURegister.self),
      .edit(GPURetire.self),
      .query(GPUList.self),

      .edit(PipelineDefine.self),
      .query(PipelineGet.self),
      .edit(PipelineReplicate.self),
      .step(ProfileSubmit.self),
      .estimate(ProfileNext.self),

      .computation(FrontierCharacterize.self),
      .query(FrontierQuery.self),
      .query(FrontierCurve.self),
      .query(FrontierSavings.self),
      .query(PlanGet.self),
      .query(PlanSeries.self),
      .estimate(PlanUncertainty.self),
      .query(PlanTimeline.self),
      .query(PlanEvaluate.self),
      .query(PlanVariants.self),
      .edit(IterationReport.self),

      .edit(StragglerReport.self),
      .query(JobGet.self),
      .query(PowerAllocate.self),
      .query(PowerShed.self),

      .step(PoolSubmit.self),
      .step(PoolAttachRepresentation.self),
      .computation(PoolClusters.self),
      .edit(TrialNext.self),
      .edit(notifiable: TrialUpdate.self),
      .edit(TrialFail.self),
      .query(TrialList.self),
      .edit(CandidatePin.self),
      .edit(CandidateBan.self),
      .edit(CandidateAdvance.self),
      .edit(CandidateWithdraw.self),
      .edit(SearchRevise.self),
      .query(SuggestionGet.self),
      .query(SuggestionRanking.self),
      .query(SuggestionPareto.self),
      .query(SuggestionPipeline.self),
    ]
  }

  package static var notifications: [NotificationEntry] {
    [
      .push(FrontierChange.self),
      .push(FrontierFailed.self),
      .push(PlanChanged.self),
      .push(LeaderChange.self),
      .push(TrialDecided.self),
      .push(TrialAssignment.self),
      .push(TrialEnding.self),
      .push(SearchEnding.self),
      .push(CostChange.self),
      .push(WorkDoneProgress.self),
      .push(LogMessage.self),
      .push(LogTrace.self),
      .take(CancelRequest.self),
      .take(CancelWorkDoneProgress.self),
      .take(SetTrace.self),
      .take(Exit.self),
    ]
  }
}

/// A notification of the protocol; one row of the catalogue.
package struct NotificationEntry {
  package enum Direction: String {
    case serverToClient, clientToServer
  }

  package let name: String
  package let purpose: String
  package let direction: Direction
  package let params: () -> [FieldSchema]

  fileprivate static func push<N: Notification>(_ notification: N.Type) -> NotificationEntry {
    NotificationEntry(name: N.name, purpose: N.purpose, direction: .serverToClient) { N.fields.schema }
  }

  fileprivate static func take<N: ClientNotification>(_ notification: N.Type) -> NotificationEntry {
    NotificationEntry(name: N.name, purpose: N.purpose, direction: .clientToServer) { Schema.of(N.Params.self) }
  }
}
