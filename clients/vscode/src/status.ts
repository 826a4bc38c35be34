/** The status bar's item: the suggested VLM of the manifest that is, or was last, in front. */

import * as vscode from "vscode";
import type { RankingAnswer, SuggestionAnswer } from "./protocol";
import { candidateName, interval, number, percent } from "./words";

export interface StatusText { text: string; tooltip: string }

export function statusText({ suggestion: best, message }: SuggestionAnswer, { ranking = [] }: RankingAnswer): StatusText {
  const running = ranking.filter((one) => one.status === "running").length;
  const icon = running ? "$(sync~spin)" : "$(beaker)";
  if (!best) {
    const text = ranking.length > 0 ? "no suggestion yet" : "no search yet";
    return { text: `${icon} ${text}`, tooltip: message };
  }
  const certainty = best.probabilityBestFraction === undefined ? "" : ` ${percent(best.probabilityBestFraction)}`;
  const lines = [
    `**${candidateName(best.candidate)}**`,
    ...(best.predictedScore === undefined ? []
      : [`predicted score ${number(best.predictedScore)} (${interval(best.scoreInterval)})`]),
    ...(running ? [`candidates in training: ${running}`] : []),
    message,
  ];
  return { text: `${icon} ${candidateName(best.candidate)}${certainty}`, tooltip: lines.join("  \n") };
}

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("trimtab.suggestion", vscode.StatusBarAlignment.Left);

  constructor() {
    this.item.command = "trimtab.showSuggestion";
  }

  show(suggestion: SuggestionAnswer, ranking: RankingAnswer): void {
    const { text, tooltip } = statusText(suggestion, ranking);
    this.item.text = text;
    this.item.tooltip = new vscode.MarkdownString(tooltip);
    this.item.command = "trimtab.showSuggestion";
    this.item.show();
  }

  failed(reason: string): void {
    this.item.text = "$(warning) Trimtab";
    this.item.tooltip = `${reason}. Click to start it again.`;
    this.item.command = "trimtab.restart";
    this.item.show();
  }

  dispose(): void {
    this.item.dispose();
  }
}
