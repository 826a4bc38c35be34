internal import Basics
internal import JSON

extension Tool {
  /// All tools, in the order in which an assistant is likely to need them.
  static let all: [Tool] = energy + selection

  /// A message of the server, which names methods, as an assistant can follow it.
  static func inWordsOfTools(_ message: String) -> String {
    var message = message.replacingBytes(of: "`roots` in initialize", with: "the roots (`trimtab mcp --root`)")
    for tool in all {
      for request in tool.requests {
        message = message.replacingBytes(of: request.method, with: "the tool \(tool.name)")
      }
    }
    return message
  }

  /// A session is a handle: each call names its own.
  private static let energy: [Tool] = [
    Tool(
      name: "list_sessions", title: "List sessions",
      purpose: "Which sessions there are, with their pipelines. Every other tool takes the name of one of them.",
      effect: .reads, requests: [Request(method: "session/list")]),
    Tool(
      name: "characterize_profile", title: "Compute an energy frontier",
      purpose: """
        Defines a pipeline, takes its measured profile (csvPath below a root, or csvText with the columns \
        stage,instruction,frequency,time,energy) and computes the exact frontier of iteration energy against \
        iteration time. Begins the session if there is none of that name, and replaces the pipeline of that name.
        """,
      effect: .replaces,
      requests: [
        Request(
          method: "pipeline/define",
          fields: [
            "session", "pipeline", "schedule", "stages", "microbatches", "chunksPerRank", "layout", "scheduleCSV",
            "blockingPowerWatts", "switchLatencySeconds", "transferSeconds",
          ], kept: ["instructionCount", "tables"], name: "pipeline"),
        Request(
          method: "profile/submit", fields: ["session", "pipeline", "csvPath", "csvText"],
          kept: ["rowCount", "missing", "diagnostics"], name: "profile"),
        Request(
          method: "frontier/characterize", fields: ["session", "pipeline", "estimate", "effort"], name: "frontier"),
      ], beginsSession: true),
    Tool(
      name: "query_frontier", title: "Query the frontier",
      purpose: """
        The best plan for one target: a deadline, a slowdown, an energy budget, a power cap or an objective, with what \
        it saves against every clock at its highest and how far it can be from the best that is possible.
        """,
      effect: .reads, requests: [Request(method: "frontier/query")]),
    Tool(
      name: "compare_plans", title: "Compare plans",
      purpose: "The best plans at several slowdowns, to choose between time and energy.",
      effect: .reads, requests: [Request(method: "frontier/query", fields: ["session", "pipeline"], name: "plans")],
      repeated: (
        "slowdownFractions", "slowdownFraction",
        "How much longer than the fastest iteration each plan may take: 0.05 is 5 % longer."
      )),
    Tool(
      name: "explain_saving", title: "Explain a saving",
      purpose: """
        Where the energy of a plan goes: its saving, the run at the highest clocks, and how long devices work, wait and \
        change their clocks.
        """,
      effect: .reads,
      requests: [
        Request(
          method: "frontier/query", fields: ["session", "pipeline", "slowdownFraction", "deadlineSeconds"],
          name: "point"),
        Request(
          method: "plan/timeline", fields: ["session", "pipeline", "slowdownFraction", "deadlineSeconds"],
          kept: ["plan", "totals"], name: "timeline"),
        Request(
          method: "frontier/curve", fields: ["session", "pipeline"], kept: ["allMaxFrequency"], name: "highestClocks"),
      ]),
    Tool(
      name: "get_clocks", title: "Get the clocks of a plan",
      purpose: "The clock of every instruction of a plan; give stage or rank to see only its own.",
      effect: .reads, requests: [Request(method: "plan/get")]),
    Tool(
      name: "evaluate_plan", title: "Evaluate a plan of your own",
      purpose: "What any assignment of clocks does, beside the frontier, and whether a listed plan is better.",
      effect: .reads,
      requests: [Request(method: "plan/evaluate", kept: ["generation", "plan", "better", "totals", "stale"])]),
    Tool(
      name: "shed_power", title: "Shed power",
      purpose: "How much slower a job becomes when it has to draw a number of watts less.",
      effect: .reads, requests: [Request(method: "power/shed")]),
  ]

  private static let selection: [Tool] = [
    Tool(
      name: "submit_pool", title: "Submit candidates",
      purpose: """
        Begins a search for the best pair of vision encoder and language model, or adds candidates to one. Begins the \
        session if there is none of that name.
        """,
      effect: .adds, requests: [Request(method: "pool/submit")], beginsSession: true),
    Tool(
      name: "next_trial", title: "Ask what to train next",
      purpose: "Gives a worker the next candidate to train, from which checkpoint, and up to which share of the data.",
      effect: .adds, requests: [Request(method: "trial/next")]),
    Tool(
      name: "report_trial", title: "Report a score",
      purpose: "Reports the score of a trial at a share of the data, and says whether it goes on.",
      effect: .adds, requests: [Request(method: "trial/update")]),
    Tool(
      name: "fail_trial", title: "Report a failure",
      purpose: """
        Ends a trial that did not run to its decision: training failed, memory was not enough, the worker or the \
        checkpoint is gone, or it has to pause. The search goes on as the kind of failure asks.
        """,
      effect: .adds, requests: [Request(method: "trial/fail")]),
    Tool(
      name: "suggest", title: "Suggest a model",
      purpose: "The best candidate so far, how sure that is, and what finding it has cost beside training all.",
      effect: .reads, requests: [Request(method: "suggestion/get")]),
    Tool(
      name: "rank_candidates", title: "Rank the candidates",
      purpose: "Candidates from the best down: predicted score, its 90 % interval, the probability of being best.",
      effect: .reads, requests: [Request(method: "suggestion/ranking")]),
    Tool(
      name: "list_trials", title: "List trials",
      purpose: "The trials of a search: what is trained where, how far, and what has ended.",
      effect: .reads, requests: [Request(method: "trial/list")]),
  ]
}
