/// Every request the server answers. This list and `ErrorRegistry` are the only ones a person extends by hand.
package enum Catalogue {
  package static var routes: [Route] {
    [
      .server(Initialize.self),
      .server(Shutdown.self),

      .server(SessionOpen.self),
      .server(SessionList.self),
      .server(SessionClose.self),
      .query(SessionExport.self),

      .step(GPURegister.self),
      .step(GPURetire.self),
      .query(GPUList.self),

      .step(PipelineDefine.self),
      .query(PipelineGet.self),
      .step(PipelineReplicate.self),
      .step(ProfileSubmit.self),

      .computation(FrontierCharacterize.self),
      .query(FrontierQuery.self),
      .query(FrontierCurve.self),
      .query(FrontierSavings.self),
      .query(PlanGet.self),
      .query(PlanSeries.self),
      .estimate(PlanUncertainty.self),
      .query(PlanTimelineGet.self),

      .step(StragglerReport.self),
      .query(JobGet.self),
    ]
  }
}
