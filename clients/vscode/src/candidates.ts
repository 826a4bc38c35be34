/** The tree of candidates, the best first, each with its state. */

import * as vscode from "vscode";
import type { RankedCandidate } from "../../../protocol-spec/trimtab";
import type { RankingAnswer } from "./protocol";
import { candidateName, interval, number, percent } from "./words";

type Row = RankedCandidate & { rank: number };

const ICONS: { [status in RankedCandidate["status"]]: string } = {
  untried: "circle-outline", observed: "circle-filled", running: "sync~spin", complete: "pass", stopped: "debug-stop",
  givenUp: "circle-slash",
};

export class CandidateTree implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  private rows: Row[] = [];
  private readonly changed = new vscode.EventEmitter<Row | undefined>();
  private readonly view: vscode.TreeView;
  readonly onDidChangeTreeData = this.changed.event;

  constructor() {
    this.view = vscode.window.createTreeView("trimtab.candidates", { treeDataProvider: this });
  }

  show(answer: RankingAnswer): void {
    this.rows = (answer.ranking ?? []).map((one, place) => ({ ...one, rank: place + 1 })); // the best first
    this.view.message = answer.message;
    this.changed.fire(undefined);
  }

  getChildren(element?: Row): Row[] {
    return element ? [] : this.rows;
  }

  getTreeItem(one: Row): vscode.TreeItem {
    const item = new vscode.TreeItem(candidateName(one.candidate));
    item.id = JSON.stringify([one.candidate.encoder, one.candidate.projector, one.candidate.languageModel]);
    const score = one.predictedScore === undefined ? "" : ` ${number(one.predictedScore)}`;
    const certainty = one.probabilityBestFraction === undefined ? "" : ` · best ${percent(one.probabilityBestFraction)}`;
    item.description = `${one.status}${score}${certainty}`;
    item.tooltip = new vscode.MarkdownString([
      `**${one.rank}. ${candidateName(one.candidate)}**`,
      `${one.status}${one.closure ? `: ${one.closure}` : ""}${one.pinned ? ", pinned" : ""}`,
      ...(one.flag ? [`flag: ${one.flag}`] : []),
      ...(one.predictedScore === undefined ? []
        : [`predicted score ${number(one.predictedScore)} (${interval(one.scoreInterval)})`]),
    ].join("  \n"));
    item.iconPath = new vscode.ThemeIcon(ICONS[one.status]);
    item.contextValue = one.status;
    return item;
  }

  dispose(): void {
    this.view.dispose();
  }
}
