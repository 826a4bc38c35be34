// What a TypeScript program gets from the generated types; `@ts-expect-error` marks what must not compile.
import type { Request, Requests, Response, ServerNotification, RefusalKind, FrontierQueryAnswer } from "../../../protocol-spec/trimtab";

const query: Request<"frontier/query"> = {
  jsonrpc: "2.0", id: 1, method: "frontier/query",
  params: { session: "s", pipeline: "p", objective: "cheapest", deadlineSeconds: null },
};

// @ts-expect-error: `session` is missing.
const lacking: Requests["frontier/query"]["params"] = { pipeline: "p" };
// @ts-expect-error: no such objective.
const wrong: Requests["frontier/query"]["params"] = { session: "s", pipeline: "p", objective: "cheap" };
// @ts-expect-error: no such method.
const method: keyof Requests = "frontier/qery";

export function energy(response: Response<"frontier/query">): number | RefusalKind | undefined {
  if (response.error) {
    const kind = response.error.data?.kind;
    return kind === "notCharacterized" ? "notCharacterized" : undefined;
  }
  // A field that a later version adds does no harm.
  const answer: FrontierQueryAnswer & { later?: string } = response.result;
  return answer.plan.energyJoules;
}

export function watch(message: ServerNotification): string {
  switch (message.method) {
    case "frontier/changed": return message.params.pipeline;
    case "trial/decided": return message.params.session ?? "";
    default: return message.method;
  }
}

export default [query, lacking, wrong, method];
