// A search through the protocol, with the server on a thread of this program: asks what to train, reports, and hears of
// suggestions meanwhile.

import TrimtabClient

let client = try await TrimtabClient.inProcess(ClientOptions(name: "RunSearch"))
let session = "which-model"
_ = try await client.call(SessionOpen(session: session, seed: 7))
_ = try await client.call(
  PoolSubmit(
    session: session,
    encoders: ["clip", "siglip", "dino"].map { PoolComponentEntry(id: $0) },
    languageModels: ["qwen", "phi"].map { PoolComponentEntry(id: $0) },
    task: SelectionTaskEntry(
      name: "vqa", metric: MetricEntry(name: "accuracy", direction: .maximize, range: [0, 1]),
      alignmentSampleCount: 558_000)))

let suggestions = client.pushes(of: SuggestionChanged.self)
let listening = Task {
  var changes = 0
  for await _ in suggestions { changes += 1 }
  return changes
}

while true {
  let next = try await client.call(TrialNext(session: session, worker: "gpu0"))
  guard let trial = next.trial, let candidate = next.candidate, let share = next.toFraction else { break }
  // Here a real program trains; a score that grows with the data stands for it.
  let quality = candidate.encoder == "siglip" ? 0.70 : 0.62
  _ = try await client.call(
    TrialUpdate(
      session: session, trial: trial, step: 1, dataFraction: share, score: .number(quality - 0.2 * (1 - share))))
}
let report = try await client.call(SuggestionGet(session: session))
print("suggested: \(report.suggestion.map { "\($0.candidate.encoder) + \($0.candidate.languageModel)" } ?? "nothing")")

do {
  _ = try await client.call(TrialUpdate(session: session, trial: 10_000, step: 1, dataFraction: 1, score: .number(0)))
} catch let refused as RequestRefused where refused.kind == .unknownTrial {
  print("refused: \(refused.path ?? "")")
}
let status = await client.close()
print("suggestions heard: \(await listening.value > 0 ? "yes" : "no")")
print("status: \(status)")
