/** The part of the Language Server Protocol that the extension uses, and the answers of Trimtab's commands. */

import type {
  FrontierCurveAnswer, FrontierQueryAnswer, RankedCandidate,
} from "../../../protocol-spec/trimtab";

export interface Position { line: number; character: number }
export interface Range { start: Position; end: Position }
export interface TextEdit { range: Range; newText: string }
export interface WorkspaceEdit {
  changes?: { [uri: string]: TextEdit[] };
  documentChanges?: Array<{ textDocument: { uri: string }; edits: TextEdit[] }>;
}
export interface Command { title: string; command: string; arguments?: unknown[] }
export interface Diagnostic {
  range: Range;
  severity?: 1 | 2 | 3 | 4;
  code?: string | number;
  source?: string;
  message: string;
  data?: unknown;
}
export interface CodeAction {
  title: string;
  kind?: string;
  diagnostics?: Diagnostic[];
  isPreferred?: boolean;
  edit?: WorkspaceEdit;
  command?: Command;
}
export interface CodeLens { range: Range; command?: Command }
export interface MarkupContent { kind: "markdown" | "plaintext"; value: string }
export interface Hover { contents: MarkupContent | string; range?: Range }
export interface CompletionItem {
  label: string;
  kind?: number;
  detail?: string;
  documentation?: MarkupContent | string;
  sortText?: string;
  filterText?: string;
  insertText?: string;
  textEdit?: TextEdit;
}
export interface DocumentSymbol {
  name: string;
  detail?: string;
  kind: number;
  range: Range;
  selectionRange: Range;
  children?: DocumentSymbol[];
}
export interface ShowMessageParams { type: 1 | 2 | 3 | 4; message: string }
export interface FoldingRange { startLine: number; endLine: number; kind?: string }

/** What a command answers: what it did, or why it has nothing to show, for a person; and what is there to show. */
export interface CommandAnswer { message: string }
export interface SuggestionAnswer extends CommandAnswer { suggestion?: RankedCandidate }
export interface RankingAnswer extends CommandAnswer { ranking?: Array<RankedCandidate & { rank: number }> }
export interface FrontierAnswer extends CommandAnswer {
  pipeline?: string;
  curve?: FrontierCurveAnswer;
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
