/** What the extension uses of the protocol beyond the generated types: names, and the commands' answers in detail. */

import type {
  CommandFields, DocumentSymbol, FrontierCurveAnswer, FrontierQueryAnswer, RankedCandidate,
} from "../../../protocol-spec/trimtab";

export type {
  CodeAction, CodeLens, CompletionItem, EditorDiagnostic as Diagnostic, Fold as FoldingRange, Hover,
  MarkupText, TextEditFields as TextEdit, TextPosition as Position, TextRange as Range, WorkspaceEdit,
} from "../../../protocol-spec/trimtab";
export type Command = CommandFields;

/** A symbol with its place in the tree, which the extension declares that it takes. */
export type NestedSymbol = DocumentSymbol & Required<Pick<DocumentSymbol, "range" | "selectionRange">>;

/** What a command answers: what it did, for a person, and what is there to show. */
export interface CommandAnswer { message: string }
export interface SuggestionAnswer extends CommandAnswer { suggestion?: RankedCandidate }
/** The candidates, the best first. */
export interface RankingAnswer extends CommandAnswer { ranking?: RankedCandidate[] }
export interface FrontierAnswer extends CommandAnswer {
  pipeline?: string;
  curve?: Omit<FrontierCurveAnswer, "generation" | "stale">;
  /** The plan at the manifest's objective. */
  point?: FrontierQueryAnswer;
  /** The frontier in characters. */
  text?: string;
}

/** The commands that the server carries out, each with the URI of a manifest. */
export interface ServerCommands {
  "trimtab.suggestion": SuggestionAnswer;
  "trimtab.ranking": RankingAnswer;
  "trimtab.showFrontier": FrontierAnswer;
  "trimtab.insertSuggestion": CommandAnswer;
  "trimtab.applyToSearch": CommandAnswer;
}
