/** The page of the frontier panel: energy against iteration time, and a slider over the plans. */

declare function acquireVsCodeApi(): { postMessage(message: unknown): void };

(() => {
  type Curve = Omit<import("../../../protocol-spec/trimtab").FrontierCurveAnswer, "generation" | "stale">;
  type Plan = import("../../../protocol-spec/trimtab").PlanSummary;
  interface Answer { message: string; pipeline?: string; text?: string; curve?: Curve;
    point?: { plan: { plan: number }; stale: boolean } }
  type Found = Answer & { curve: Curve };
  interface Point { iterationTimeSeconds: number; energyJoules: number }

  const WIDTH = 640, HEIGHT = 360, LEFT = 78, RIGHT = 16, TOP = 22, BOTTOM = 46;
  const editor = acquireVsCodeApi();
  const main = document.getElementById("frontier")!;
  let found: Found | undefined;
  let chosen = 0;

  /** To four digits with a prefix: 10.15 kJ. */
  function quantity(value: number, unit: string): string {
    const prefixes: Array<[number, string]> = [[1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"]];
    const [scale, prefix] = prefixes.find(([size]) => Math.abs(value) >= size) ?? [1e-3, "m"];
    return `${Number((value / scale).toPrecision(4))} ${prefix}${unit}`;
  }
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;

  function element<T extends keyof HTMLElementTagNameMap>(name: T, attributes: Record<string, string> = {}, text = "") {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  }
  function shape(name: string, attributes: Record<string, string | number>, text = ""): SVGElement {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
    made.textContent = text;
    return made;
  }

  /** Round values between two others, at most `count` or so of them. */
  function ticks(low: number, high: number, count: number): number[] {
    const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= raw)!;
    const values: number[] = [];
    for (let at = Math.ceil(low / step); at * step <= high * (1 + 1e-12); at += 1) values.push(at * step);
    return values;
  }
  function extent(values: number[]): [number, number] {
    const low = Math.min(...values), high = Math.max(...values);
    const margin = high > low ? 0.04 * (high - low) : 0.01 * Math.abs(high) + 1e-9;
    return [low - margin, high + margin];
  }

  function draw(curve: Curve): SVGElement {
    // Beyond the cheapest plan the bound only rises with the energy of waiting.
    const last = curve.plans[curve.plans.length - 1].iterationTimeSeconds;
    const bound = curve.lowerBound.filter((one) => one.iterationTimeSeconds <= last);
    const all: Point[] = [...bound, ...curve.plans];
    const [t0, t1] = extent(all.map((one) => one.iterationTimeSeconds));
    const [e0, e1] = extent(all.map((one) => one.energyJoules));
    const x = (time: number) => LEFT + (time - t0) / (t1 - t0) * (WIDTH - LEFT - RIGHT);
    const y = (energy: number) => HEIGHT - BOTTOM - (energy - e0) / (e1 - e0) * (HEIGHT - TOP - BOTTOM);
    const svg = shape("svg", {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": "Energy against iteration time" });
    for (const time of ticks(t0, t1, 6)) {
      svg.append(
        shape("line", { class: "grid", x1: x(time), x2: x(time), y1: TOP, y2: HEIGHT - BOTTOM }),
        shape("text", { class: "tick", x: x(time), y: HEIGHT - BOTTOM + 18, "text-anchor": "middle" },
          String(Number(time.toPrecision(6)))));
    }
    for (const energy of ticks(e0, e1, 5)) {
      svg.append(
        shape("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(energy), y2: y(energy) }),
        shape("text", { class: "tick", x: LEFT - 8, y: y(energy) + 4, "text-anchor": "end" }, quantity(energy, "J")));
    }
    svg.append(
      shape("text", { class: "axis", x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 8, "text-anchor": "middle" },
        "iteration time (s)"),
      shape("text", { class: "axis", x: LEFT, y: TOP - 4, "text-anchor": "middle" }, "energy"),
      shape("polyline", { class: "bound", points: bound.map((one) =>
        `${x(one.iterationTimeSeconds)},${y(one.energyJoules)}`).join(" ") }));
    // Markers that would cover each other are left out; the slider has every plan.
    let right = -Infinity;
    curve.plans.forEach((plan, index) => {
      const at = { cx: x(plan.iterationTimeSeconds), cy: y(plan.energyJoules) };
      if (index === chosen || at.cx < right + 7) return;
      right = at.cx;
      svg.append(shape("circle", { class: "plan", ...at, r: 3 }));
    });
    const { iterationTimeSeconds: time, energyJoules: energy } = curve.plans[chosen];
    svg.append(shape("circle", { class: "plan chosen", cx: x(time), cy: y(energy), r: 6 }));
    svg.addEventListener("click", (event) => {
      const box = svg.getBoundingClientRect();
      const place = (event.clientX - box.left) / box.width * WIDTH;
      const distance = (plan: Plan) => Math.abs(x(plan.iterationTimeSeconds) - place);
      choose(curve.plans.reduce((best, plan, index) => distance(plan) < distance(curve.plans[best]) ? index : best, 0));
    });
    return svg;
  }

  function figures(curve: Curve, plan: Plan): HTMLElement {
    const fastest = curve.allMaxFrequency;
    const rows: Array<[string, string]> = [
      ["iteration time", quantity(plan.iterationTimeSeconds, "s")],
      ["slower than all clocks at their highest",
        percent(plan.iterationTimeSeconds / fastest.iterationTimeSeconds - 1)],
      ["energy of an iteration", quantity(plan.energyJoules, "J")],
      ["less energy", percent(1 - plan.energyJoules / fastest.energyJoules)],
      ["average power", quantity(plan.averagePowerWatts, "W")],
      ["gap to the lower bound", `${(100 * plan.gapFraction).toFixed(2)} %`],
    ];
    const list = element("dl");
    for (const [name, value] of rows) list.append(element("dt", {}, name), element("dd", {}, value));
    return list;
  }

  function choose(index: number): void {
    chosen = index;
    render();
  }

  function render(): void {
    if (!found) return;
    const { curve } = found;
    const count = curve.plans.length;
    chosen = Math.max(0, Math.min(chosen, count - 1));
    const slider = element("input", {
      type: "range", min: "0", max: String(count - 1), step: "1", id: "plan", "aria-label": "Plan" });
    slider.value = String(chosen);
    slider.addEventListener("input", () => choose(Number(slider.value)));
    const focused = document.activeElement?.id === "plan";
    const ends = element("div", { class: "ends" });
    ends.append(element("span", {}, "fastest"), element("output", { for: "plan" }, `plan ${chosen + 1} of ${count}`),
      element("span", {}, "cheapest"));
    main.replaceChildren(
      element("h1", {}, `Frontier of ${found.pipeline ?? "the pipeline"}`), draw(curve), slider, ends, figures(curve, curve.plans[chosen]));
    if (found.point?.stale) {
      main.append(element("p", { class: "note" }, "The profile has changed since; another frontier follows."));
    }
    if (focused) slider.focus();
  }

  window.addEventListener("message", (event: MessageEvent) => {
    if (event.data?.type !== "frontier") return;
    const { curve, ...answer } = event.data.answer as Answer;
    if (!curve || curve.plans.length === 0) {
      found = undefined;
      main.replaceChildren(
        answer.text ? element("pre", {}, answer.text) : element("p", { class: "note" }, answer.message));
      return;
    }
    // What the person chose stays while the frontier is the same.
    const same = JSON.stringify(found?.curve) === JSON.stringify(curve);
    if (!same) {
      const index = curve.plans.findIndex((one) => one.plan === answer.point?.plan.plan);
      chosen = Math.max(0, index);
    }
    found = { ...answer, curve };
    render();
  });
  editor.postMessage({ type: "ready" });
})();
