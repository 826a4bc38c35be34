// The search board: a table of what board.py sends.

function made(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined && text !== null) element.textContent = text;
  return element;
}

const percent = (share) => `${Number((100 * share).toPrecision(3))} %`;
const score = (value) => Number(value.toPrecision(4));

function row(one) {
  const line = made("tr");
  line.append(made("td", "", one.name));
  const { training } = one;
  const doing = training ? `training ${percent(training.from)} to ${percent(training.to)}`
    + (training.at === null ? "" : `, at ${percent(training.at)}`) + (training.worker ? ` on ${training.worker}` : "")
    : one.closure ?? one.status;
  line.append(made("td", "", doing));
  line.append(made("td", "", one.score === null ? "" : score(one.score)));
  line.append(made("td", "", one.interval === null ? "" : `${score(one.interval[0])} to ${score(one.interval[1])}`));
  const chance = made("td", "chance");
  if (one.chance !== null) {
    const bar = made("i");
    bar.style.width = `${100 * one.chance}%`;
    chance.append(bar, made("b", "", one.chance.toFixed(2)));
  }
  line.append(chance);
  return line;
}

function render({ model, el }) {
  const root = el.appendChild(made("div", "trimtab-widget"));
  const draw = () => {
    const shown = model.get("_shown"), problem = model.get("_problem");
    root.replaceChildren(made("div", "trimtab-title", `Search ${shown.session}`));
    if (problem) root.append(made("div", "trimtab-problem", problem));
    if (shown.rows.length === 0) return;
    const figures = root.appendChild(made("div", "trimtab-figures"));
    const hours = (seconds) => seconds < 360 ? `${score(seconds)} GPU-s` : `${score(seconds / 3600)} GPU-h`;
    const cells = [
      ["suggestion", shown.suggestion === null ? "none yet"
        : shown.suggestion + (shown.chance === null ? "" : `, best with probability ${shown.chance.toFixed(2)}`)],
      ["spent", `${hours(shown.gpuSeconds)} of ${hours(shown.gridGpuSeconds)} for all`],
      ["trials", `${shown.trials ?? 0}, ${shown.open} under way`],
      ["state", shown.finished ? `finished: ${shown.reason}` : "running"],
    ];
    if (shown.savingFactor !== null) cells.splice(2, 0, ["saved", `${score(shown.savingFactor)} times`]);
    for (const [name, value] of cells) {
      const cell = figures.appendChild(made("span"));
      cell.append(made("small", "", name), document.createTextNode(value));
    }
    const table = root.appendChild(made("table", "trimtab-board")), head = table.createTHead().insertRow();
    for (const name of ["candidate", "now", "score on all data", "90 % interval", "P(best)"]) head.append(made("th", "", name));
    table.createTBody().append(...shown.rows.map(row));
    if (shown.count > shown.rows.length) root.append(made("small", "", `and ${shown.count - shown.rows.length} more`));
  };
  model.on("change:_shown", draw);
  model.on("change:_problem", draw);
  draw();
  return () => {
    model.off("change:_shown", draw);
    model.off("change:_problem", draw);
  };
}

export default { render };
