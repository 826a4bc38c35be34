internal import Basics
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
      .edit(EvidenceSubmit.self),
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

      .editor(TextDocumentDiagnostic.self),
      .editor(TextDocumentHover.self),
      .editor(TextDocumentCompletion.self),
      .editor(TextDocumentCodeAction.self),
      .editor(TextDocumentCodeLens.self),
      .editor(TextDocumentInlayHint.self),
      .editor(TextDocumentDocumentSymbol.self),
      .editor(TextDocumentFoldingRange.self),
      .editor(TextDocumentPrepareRename.self),
      .editor(TextDocumentRename.self),
      .editor(TextDocumentSemanticTokensFull.self),
      .editor(request: WorkspaceExecuteCommand.self),
      .editor(request: WorkspaceTextDocumentContent.self),
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
      .push(TextDocumentPublishDiagnostics.self),
      .push(WindowShowMessage.self),
      .push(WorkDoneProgress.self),
      .push(LogMessage.self),
      .push(LogTrace.self),
      .take(CancelRequest.self),
      .take(CancelWorkDoneProgress.self),
      .take(SetTrace.self),
      .take(Exit.self),
      .editor(TextDocumentDidOpen.self),
      .editor(TextDocumentDidChange.self),
      .editor(TextDocumentDidSave.self),
      .editor(TextDocumentDidClose.self),
      .ask(WorkspaceApplyEdit.self),
      .ask(WorkspaceCodeLensRefresh.self),
      .ask(WorkspaceInlayHintRefresh.self),
      .ask(WorkspaceDiagnosticRefresh.self),
      .ask(WorkspaceTextDocumentContentRefresh.self),
      .ask(WindowShowDocument.self),
    ]
  }
}

/// A notification of the protocol, or a request that the server sends; one row of the catalogue.
package struct NotificationEntry {
  package enum Direction: String {
    case serverToClient, clientToServer
    /// A request of the server's, which the client answers.
    case serverRequest
  }

  package let name: String
  package let purpose: String
  package let direction: Direction
  package let params: () -> [FieldSchema]
  /// Takes one about a document; nil for others.
  private(set) var take: (@Sendable (ClientConnection, JSON?) -> Void)?

  /// Those about documents, by name.
  static let editor = Dictionary(
    uniqueKeysWithValues: Catalogue.notifications.compactMap { entry in
      entry.take.map { (ExactString(entry.name), $0) }
    })

  fileprivate static func push<N: Notification>(_ notification: N.Type) -> NotificationEntry {
    NotificationEntry(name: N.name, purpose: N.purpose, direction: .serverToClient) { N.fields.schema }
  }

  fileprivate static func ask<R: ServerRequest>(_ request: R.Type) -> NotificationEntry {
    NotificationEntry(name: R.name, purpose: R.purpose, direction: .serverRequest) { R.fields.schema }
  }

  fileprivate static func editor<N: EditorNotification>(_ notification: N.Type) -> NotificationEntry {
    var entry = take(notification)
    entry.take = { client, json in
      do throws(InvalidField) {
        N.take(try N.Params(reading: json), at: client.editor)
      } catch {
        // It has no answer in which to say so, and the client's text is from now on another than the server's.
        client.logMessage("\(N.name) is not understood: \(RPCError(error).message)", .error)
      }
    }
    return entry
  }

  fileprivate static func take<N: ClientNotification>(_ notification: N.Type) -> NotificationEntry {
    NotificationEntry(name: N.name, purpose: N.purpose, direction: .clientToServer) { Schema.of(N.Params.self) }
  }
}
