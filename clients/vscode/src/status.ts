/** The status bar's item: the suggested VLM of the manifest that is, or was last, in front. */

import * as vscode from "vscode";
import type { SuggestionAnswer } from "./protocol";
import { candidateName, interval, number, percent } from "./words";

export interface StatusText { text: string; tooltip: string }

export function statusText(answer: SuggestionAnswer): StatusText {
  const { suggestion: report, session } = answer;
  if (!report) return { text: "$(beaker) no search yet", tooltip: answer.message };
  const best = report.suggestion;
  const open = report.cost.openTrialCount;
  const trials = `${report.cost.trialCount} trials${open ? `, ${open} of them running` : ""}`;
  const hours = (seconds: number) => `${number(seconds / 3600)} GPU-hours`;
  const lines = [
    `**${best ? candidateName(best.candidate) : "No suggestion yet"}**`,
    ...(best?.predictedScore === undefined ? []
      : [`predicted score ${number(best.predictedScore)} (${interval(best.scoreInterval)})`]),
    ...(best?.probabilityBestFraction === undefined ? []
      : [`the best of all with probability ${percent(best.probabilityBestFraction)}`]),
    `${trials}; ${hours(report.cost.gpuSeconds)} of ${hours(report.gridCost.gpuSeconds)} for all candidates`,
    report.finished ? `the search has finished: ${report.finishReason}` : `session ${session}`,
  ];
  const icon = report.finished ? "$(pass)" : open ? "$(sync~spin)" : "$(beaker)";
  const certainty = best?.probabilityBestFraction === undefined ? "" : ` ${percent(best.probabilityBestFraction)}`;
  return {
    text: `${icon} ${best ? candidateName(best.candidate) + certainty : "no suggestion yet"}`,
    tooltip: lines.join("  \n"),
  };
}

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("trimtab.suggestion", vscode.StatusBarAlignment.Left);

  constructor() {
    this.item.command = "trimtab.showSuggestion";
  }

  show(answer: SuggestionAnswer): void {
    const { text, tooltip } = statusText(answer);
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
