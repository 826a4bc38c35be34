/** How numbers and candidates are written for a person. */

import type { CandidateName } from "../../../protocol-spec/trimtab";

export const candidateName = (one: CandidateName): string =>
  [one.encoder, one.projector, one.languageModel].filter(Boolean).join(" + ");

/** To four digits; scores may also be "NaN" or "Infinity". */
export const number = (value: number | string | undefined): string =>
  value === undefined ? "-" : typeof value === "number" ? String(Number(value.toPrecision(4))) : value;

export const percent = (value: number | undefined): string =>
  value === undefined ? "-" : `${(100 * value).toFixed(1)} %`;

export const interval = (ends: readonly number[] | undefined): string =>
  ends && ends.length === 2 ? `${number(ends[0])} to ${number(ends[1])}` : "-";
