// The frontier explorer: draws what explorer.py sends, and sends the deadline back.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 640, HEIGHT = 300, LEFT = 62, RIGHT = 14, TOP = 12, BOTTOM = 38;

function node(name, attributes = {}, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// Cividis in five steps; between them it is linear.
const CLOCKS = [[0, 34, 78], [65, 77, 107], [124, 123, 120], [187, 174, 113], [253, 231, 55]];

function colour(clock, [low, high]) {
  if (clock === null) return "#e8e8e8";
  const place = (CLOCKS.length - 1) * (high > low ? (clock - low) / (high - low) : 1);
  const first = Math.min(CLOCKS.length - 2, Math.floor(place)), share = place - first;
  return `rgb(${CLOCKS[first].map((one, k) => Math.round(one + share * (CLOCKS[first + 1][k] - one))).join(",")})`;
}

function ticks(low, high, count) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) found.push(Number(value.toPrecision(6)));
  return found;
}

// Energy of the lower bound at a time, for the moment until the server has answered.
function boundAt(bound, time) {
  const after = bound.findIndex(([one]) => one >= time);
  if (after <= 0) return bound[after < 0 ? bound.length - 1 : 0][1];
  const [[t0, e0], [t1, e1]] = [bound[after - 1], bound[after]];
  return t1 > t0 ? e0 + ((e1 - e0) * (time - t0)) / (t1 - t0) : e1;
}

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "trimtab-widget";
  el.appendChild(root);
  const title = root.appendChild(document.createElement("div"));
  title.className = "trimtab-title";
  const picture = root.appendChild(node("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" }));
  const slider = root.appendChild(document.createElement("input"));
  Object.assign(slider, { type: "range", step: "any" });
  slider.setAttribute("aria-label", "deadline in seconds");
  const figures = root.appendChild(document.createElement("div"));
  figures.className = "trimtab-figures";
  const lanes = root.appendChild(node("svg", { role: "img" }));

  let scales, line, mark, sent = 0;

  function drawCurve() {
    const curve = model.get("_curve");
    const times = curve.bound.map(([time]) => time), energies = curve.bound.map(([, energy]) => energy);
    const latest = Math.max(curve.latest, times[0]);
    const right = latest + 0.12 * (latest - times[0] || latest);
    const low = Math.min(...energies), high = Math.max(curve.baseline[1], ...energies);
    const x0 = times[0] - 0.04 * (right - times[0]), y0 = low - 0.06 * (high - low), y1 = high + 0.05 * (high - low);
    scales = {
      x: (time) => LEFT + ((time - x0) / (right - x0)) * (WIDTH - LEFT - RIGHT),
      time: (x) => x0 + ((x - LEFT) / (WIDTH - LEFT - RIGHT)) * (right - x0),
      y: (energy) => TOP + ((y1 - energy) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM),
    };
    picture.replaceChildren();
    for (const value of ticks(x0, right, 6)) {
      picture.append(node("line", { x1: scales.x(value), x2: scales.x(value), y1: TOP, y2: HEIGHT - BOTTOM, class: "grid" }),
        node("text", { x: scales.x(value), y: HEIGHT - BOTTOM + 15, "text-anchor": "middle" }, value));
    }
    for (const value of ticks(y0, y1, 5)) {
      picture.append(node("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: scales.y(value), y2: scales.y(value), class: "grid" }),
        node("text", { x: LEFT - 6, y: scales.y(value) + 4, "text-anchor": "end" }, value.toLocaleString("en")));
    }
    picture.append(node("text", { x: (LEFT + WIDTH) / 2, y: HEIGHT - 5, "text-anchor": "middle" }, "iteration time, s"),
      node("text", { transform: `translate(12 ${HEIGHT / 2 - 10}) rotate(-90)`, "text-anchor": "middle" }, "energy, J"));
    const within = curve.bound.filter(([time]) => time <= right);
    picture.append(node("path", { class: "bound", d: "M" + within.map(([t, e]) => `${scales.x(t)} ${scales.y(e)}`).join("L") }));
    for (const [time, energy] of curve.plans) {
      picture.append(node("circle", { class: "plan", cx: scales.x(time), cy: scales.y(energy), r: 2.6 }));
    }
    const [time, energy] = curve.baseline;
    const square = node("rect", { class: "baseline", x: scales.x(time) - 4, y: scales.y(energy) - 4, width: 8, height: 8 });
    square.append(node("title", {}, "every clock at its highest"));
    line = node("line", { class: "deadline", y1: TOP, y2: HEIGHT - BOTTOM });
    mark = node("circle", { class: "chosen", r: 5 });
    picture.append(square, line, mark);
    Object.assign(slider, { min: times[0], max: latest });
    title.textContent = `${curve.pipeline}: lower bound (line), plans (circles), every clock at its highest (square)`;
  }

  function drawDeadline() {
    const deadline = model.get("deadline");
    slider.value = deadline;
    line.setAttribute("x1", scales.x(deadline));
    line.setAttribute("x2", scales.x(deadline));
    mark.setAttribute("cx", scales.x(deadline));
    mark.setAttribute("cy", scales.y(boundAt(model.get("_curve").bound, deadline)));
  }

  function drawChoice() {
    const one = model.get("_chosen");
    mark.setAttribute("cx", scales.x(one.time));
    mark.setAttribute("cy", scales.y(one.energy));
    const shown = [
      ["deadline", `${model.get("deadline").toFixed(4)} s`], ["plan", one.plan], ["time", `${one.time.toFixed(4)} s`],
      ["energy", `${Math.round(one.energy).toLocaleString("en")} J`], ["saved", `${(100 * one.saving).toFixed(2)} %`],
      ["above the bound", `${(100 * one.gap).toFixed(2)} %`], ["mean power", `${Math.round(one.power).toLocaleString("en")} W`],
      ["price of time", `${Math.round(one.price).toLocaleString("en")} J a second`],
    ];
    if (one.peak !== null) shown.splice(7, 0, ["peak power", `${Math.round(one.peak).toLocaleString("en")} W`]);
    figures.replaceChildren(...shown.map(([name, value]) => {
      const cell = document.createElement("span"), label = document.createElement("small");
      label.textContent = name;
      cell.append(label, document.createTextNode(String(value)));
      return cell;
    }));
    const row = 14, height = one.ranks.length * row + 34;
    lanes.setAttribute("viewBox", `0 0 ${WIDTH} ${height}`);
    const x = (time) => 30 + (time / one.time) * (WIDTH - 40);
    lanes.replaceChildren();
    one.ranks.forEach((steps, rank) => {
      if (one.ranks.length <= 16 || rank % 8 === 0) {
        lanes.append(node("text", { x: 24, y: rank * row + 11, "text-anchor": "end" }, rank));
      }
      for (const [start, seconds, clock, kind, critical] of steps) {
        const forward = kind.startsWith("forward");
        const box = node("rect", {
          x: x(start), y: rank * row + (forward ? 1 : 3), width: Math.max(0.3, x(start + seconds) - x(start)),
          height: forward ? 12 : 8, fill: colour(clock, one.clocks), class: critical ? "critical" : "step",
        });
        box.append(node("title", {}, `rank ${rank}, ${kind}${clock === null ? "" : `, ${clock} MHz`}, ${(1e3 * seconds).toFixed(2)} ms`));
        lanes.append(box);
      }
    });
    const y = one.ranks.length * row + 8;
    for (let step = 0; step < 40; step++) {
      const clock = one.clocks[0] + (step / 39) * (one.clocks[1] - one.clocks[0]);
      lanes.append(node("rect", { x: 90 + 4 * step, y, width: 4.3, height: 9, fill: colour(clock, one.clocks) }));
    }
    lanes.append(node("text", { x: 84, y: y + 9, "text-anchor": "end" }, `${one.clocks[0]} MHz`),
      node("text", { x: 256, y: y + 9 }, `${one.clocks[1]} MHz; a dark frame is a longest path`));
  }

  // At most one move a frame goes to the server, the last one.
  function move(deadline) {
    const curve = model.get("_curve");
    const within = Math.min(Math.max(deadline, curve.bound[0][0]), Math.max(curve.latest, curve.bound[0][0]));
    cancelAnimationFrame(sent);
    sent = requestAnimationFrame(() => {
      model.set("deadline", within);
      model.save_changes();
      drawDeadline();
    });
  }

  function drag(event) {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
    move(scales.time(place.x));
  }

  const released = () => picture.removeEventListener("pointermove", drag);
  picture.addEventListener("pointerdown", (event) => {
    picture.setPointerCapture(event.pointerId);
    picture.addEventListener("pointermove", drag);
    drag(event);
  });
  picture.addEventListener("pointerup", released);
  picture.addEventListener("pointercancel", released);
  slider.addEventListener("input", () => move(Number(slider.value)));

  const curveChanged = () => { drawCurve(); drawDeadline(); drawChoice(); };
  model.on("change:_curve", curveChanged);
  model.on("change:deadline", drawDeadline);
  model.on("change:_chosen", drawChoice);
  curveChanged();
  return () => {
    cancelAnimationFrame(sent);
    model.off("change:_curve", curveChanged);
    model.off("change:deadline", drawDeadline);
    model.off("change:_chosen", drawChoice);
  };
}

export default { render };
