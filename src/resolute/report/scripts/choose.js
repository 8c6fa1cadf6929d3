"use strict";
// Which network is best for a budget: the chart, the limits, and the answer in words.

(() => {
  const section = document.getElementById("choose");
  if (!section) return;
  const data = JSON.parse(document.getElementById("choices").textContent);
  const find = (name) => section.querySelector(`[name="${name}"]`);
  const group = () => data.groups[Number(find("group").value)];
  const axisOf = () => data.costs.find((cost) => cost.key === find("axis").value);
  const FEW = 12; // networks that may all have their names in the chart; of more, those on the front
  const HEIGHT = 440; // of the chart, in pixels
  const MARGIN = 80; // what the axis of quality takes of its width, about
  const STEPS = 100; // of a slider; the last one is no limit
  const METRICS = {
    psnr: { words: "PSNR", unit: "dB", digits: 2 },
    ssim: { words: "SSIM", unit: "", digits: 4 },
  };
  const known = (rows, key) => rows.map((row) => row.cost[key]).filter((value) => value > 0);
  const show = (value) => Number(value.toPrecision(3)).toLocaleString("en-GB", { maximumSignificantDigits: 3 });
  const withUnit = (value, unit) => (unit ? `${value} ${unit}` : value);

  /** What is typed is the limit; nothing is none. */
  function limit(cost) {
    const typed = find(`limit-${cost.key}`);
    return typed.value === "" || typed.disabled ? Infinity : Number(typed.value);
  }

  /** The least and the greatest cost, between which a slider goes in steps of equal ratio. */
  function span(cost) {
    const values = known(group().rows, cost.key);
    return [Math.min(...values), Math.max(...values)];
  }

  /** Three digits, rounded up: a network at the limit is within it. */
  function roundedUp(value) {
    const unit = 10 ** (Math.floor(Math.log10(value)) - 2);
    return Number((Math.ceil(value / unit - 1e-9) * unit).toPrecision(3));
  }

  function slide(cost) {
    const [least, most] = span(cost);
    const step = Number(find(`slide-${cost.key}`).value);
    find(`limit-${cost.key}`).value = step >= STEPS ? "" : roundedUp(least * (most / least) ** (step / STEPS));
  }

  /** Put the slider where the limit is. */
  function place(cost) {
    const [[least, most], at] = [span(cost), limit(cost)];
    const share = most > least ? Math.log(at / least) / Math.log(most / least) : 1;
    const slider = find(`slide-${cost.key}`);
    slider.value = at === Infinity ? STEPS : Math.min(Math.max(Math.round(share * STEPS), 0), STEPS - 1);
    slider.setAttribute("aria-valuetext", at === Infinity ? "any" : withUnit(at, cost.unit));
  }

  const qualityOf = (row) => row.quality[find("protocol").value]?.[find("metric").value];
  const limits = () => data.costs.map((cost) => [cost, limit(cost)]).filter(([, most]) => most < Infinity);
  const fits = (row) => limits().every(([cost, most]) => row.cost[cost.key] <= most);

  const spreadOf = (row) => row.spread[find("protocol").value]?.[find("metric").value];

  /** The mean, and its standard deviation over seeds where there are several. */
  function shownQuality(row) {
    const values = [qualityOf(row), spreadOf(row)].filter((value) => value !== undefined);
    return values.map((value) => value.toFixed(METRICS[find("metric").value].digits)).join(" ± ");
  }

  function front(rows, key) {
    const found = [];
    for (const row of [...rows].sort((a, b) => a.cost[key] - b.cost[key] || qualityOf(b) - qualityOf(a))) {
      if (found.length === 0 || qualityOf(row) > qualityOf(found.at(-1))) found.push(row);
    }
    return found;
  }

  function describe(row) {
    const metric = METRICS[find("metric").value];
    const costs = data.costs.filter((cost) => row.cost[cost.key] !== undefined);
    const lines = costs.map((cost) => `${cost.words} ${withUnit(show(row.cost[cost.key]), cost.unit)}`);
    const value = withUnit(shownQuality(row), metric.unit);
    return [`<b>${plain(row.title)}</b>`, plain(row.weights), `${metric.words} ${value}`, ...lines].join("<br>");
  }

  function points(rows, key, marker, name, labelled) {
    return {
      type: "scatter", mode: "markers+text", name, x: rows.map((row) => row.cost[key]), y: rows.map(qualityOf), marker,
      text: rows.map((row) => labelled.get(row)?.name ?? ""),
      textposition: rows.map((row) => `top ${labelled.get(row)?.side ?? "center"}`),
      hovertext: rows.map(describe), hoverinfo: "text", cliponaxis: false,
      error_y: { array: rows.map((row) => spreadOf(row) ?? 0), visible: rows.some(spreadOf), thickness: 1, width: 3 },
    };
  }

  /** The axis of quality and bicubic on it: a line, or a note where a line would leave the networks no room. */
  function qualityAxis(rows) {
    const metric = METRICS[find("metric").value];
    const bicubic = group().baseline[find("protocol").value]?.[find("metric").value];
    const title = withUnit(metric.words, metric.unit && `(${metric.unit})`);
    if (bicubic === undefined || rows.length === 0) return { yaxis: axis(title) };
    const values = rows.map(qualityOf);
    const span = Math.max(...values) - Math.min(...values) || 0.1;
    const room = [Math.min(...values) - 0.25 * span, Math.max(...values) + 0.2 * span];
    const far = Math.min(...values) - bicubic > 0.6 * span;
    const text = `bicubic ${withUnit(bicubic.toFixed(metric.digits), metric.unit)}`;
    const line = { type: "line", xref: "paper", x0: 0, x1: 1, y0: bicubic, y1: bicubic,
      line: { color: colour("--muted"), width: 1, dash: "dash" } };
    const font = { color: colour("--muted"), size: 12 };
    const note = { xref: "paper", x: 1, xanchor: "right", yanchor: "bottom", showarrow: false, font };
    const yaxis = axis(title, {
      range: far ? room : [Math.min(room[0], bicubic - 0.1 * span), room[1]],
    });
    return far
      ? { yaxis, annotations: [{ ...note, yref: "paper", y: 0, text: `${text}, below this axis` }] }
      : { yaxis, shapes: [line], annotations: [{ ...note, y: bicubic, text }] };
  }

  /** The networks whose names find room above their points, and on which side; the first ones first. */
  function named(rows, key, axes, width) {
    const placed = new Map();
    const networks = new Set(); // that have been named: their other settings go without the name
    const [[left, right], [low, high]] = [axes.xaxis.range ?? [0, 1], axes.yaxis.range ?? [0, 1]];
    for (const row of rows) {
      const x = ((Math.log10(row.cost[key]) - left) / (right - left)) * width;
      const y = ((qualityOf(row) - low) / (high - low)) * HEIGHT;
      const network = row.title.slice(0, row.title.length - (row.setting ?? "").length);
      const name = plain(row.setting && networks.has(network) ? row.setting : row.title, 32);
      const half = 4 * name.length;
      // Beside the point where the chart would end before the name.
      const [side, middle] = x < half ? ["right", x + half] : x > width - half ? ["left", x - half] : ["center", x];
      const touches = (other) => Math.abs(other.middle - middle) <= other.half + half && Math.abs(other.y - y) <= 20;
      if (placed.has(row) || [...placed.values()].some(touches)) continue;
      placed.set(row, { name, middle, y, half, side });
      networks.add(network);
    }
    return placed;
  }

  function drawChart() {
    const cost = axisOf();
    const metric = METRICS[find("metric").value];
    const rows = group().rows.filter((row) => row.cost[cost.key] > 0 && qualityOf(row) !== undefined);
    const [within, beyond] = [rows.filter(fits), rows.filter((row) => !fits(row))];
    const best = front(within, cost.key);
    const element = document.getElementById("tradeoff");
    const title = `${cost.words}${cost.unit ? ` (${cost.unit})` : ""}`;
    const axes = { xaxis: axis(title, logarithmic(rows.map((row) => row.cost[cost.key]))), ...qualityAxis(rows) };
    const candidates = [...best].reverse().concat(rows.length > FEW ? [] : within);
    const labelled = named(candidates, cost.key, axes, element.clientWidth - MARGIN);
    const steps = {
      type: "scatter", mode: "lines", name: "Pareto front", hoverinfo: "skip",
      line: { shape: "hv", width: 1.5, color: colour("--ink") },
      x: best.map((row) => row.cost[cost.key]), y: best.map(qualityOf),
    };
    const [trained, published] = [within.filter((row) => row.trained), within.filter((row) => !row.trained)];
    const marks = {
      published: { color: colour("--blue"), size: 10 },
      trained: { color: colour("--vermillion"), size: 10, symbol: "diamond" },
      beyond: { color: colour("--muted"), size: 9, symbol: "circle-open" },
    };
    const traces = [
      steps,
      points(published, cost.key, marks.published, "published weights", labelled),
      points(trained, cost.key, marks.trained, "trained here", labelled),
      points(beyond, cost.key, marks.beyond, "over the budget", labelled),
    ];
    draw(element, traces.filter((trace) => trace.x.length > (trace === steps ? 1 : 0)), {
      height: HEIGHT, showlegend: true, legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 }, ...axes,
    });
    const missing = group().rows.length - rows.length;
    const total = group().rows.length;
    document.getElementById("not-shown").textContent = missing
      ? `${missing} of ${total} networks are not in the chart: their ${cost.words} or quality is unknown here.` : "";
  }

  function answer() {
    const metric = METRICS[find("metric").value];
    const asked = limits().map(([cost, most]) => `${withUnit(most, cost.unit)} ${cost.words}`);
    const where = `${group().title} (${metric.words}, ${find("protocol").value})`;
    const ranked = group().rows.filter((row) => qualityOf(row) !== undefined && fits(row));
    ranked.sort((a, b) => qualityOf(b) - qualityOf(a));
    const value = (row) => withUnit(shownQuality(row), metric.unit);
    const budget = asked.length ? `Within ${asked.join(" and ")} on ${where}: ` : `Without a limit, on ${where}: `;
    document.getElementById("answer").textContent = ranked.length
      ? `${budget}${ranked[0].title}, ${value(ranked[0])}.` : `${budget}none of the networks measured here fits.`;
    const rated = group().rows.filter((row) => qualityOf(row) !== undefined);
    const unknown = limits().map(([cost]) => [cost, rated.filter((row) => row.cost[cost.key] === undefined).length]);
    const networks = (count) => `${count} ${count === 1 ? "network" : "networks"}`;
    const equal = find("metric").value === "psnr" ? group().equal[find("protocol").value] ?? 0 : 0;
    document.getElementById("left-out").textContent = [
      ...unknown.filter(([, count]) => count > 0)
        .map(([cost, count]) => `${networks(count)} left out: ${cost.words} not measured.`),
      ...(equal ? [`${networks(equal)} left out: all images equal their originals, which makes the PSNR infinite.`] : []),
    ].join(" ");
    const body = document.getElementById("ranking");
    body.replaceChildren(...ranked.slice(0, 5).map((row) => {
      const line = document.createElement("tr");
      const name = document.createElement("th");
      name.scope = "row";
      name.append(row.title, " ", Object.assign(document.createElement("small"), { textContent: row.weights }));
      const costs = data.costs.map((cost) => (row.cost[cost.key] === undefined ? "–" : show(row.cost[cost.key])));
      line.append(name, ...[shownQuality(row), ...costs].map((text) =>
        Object.assign(document.createElement("td"), { textContent: text })));
      return line;
    }));
  }

  function update() {
    for (const cost of data.costs) {
      const isUnknown = known(group().rows, cost.key).length === 0;
      for (const name of ["slide", "limit"]) find(`${name}-${cost.key}`).disabled = isUnknown;
      place(cost);
    }
    drawChart();
    answer();
  }

  const SHARED = ["group", "metric", "protocol", "axis", ...data.costs.map((cost) => `limit-${cost.key}`)];

  /** What is chosen stands in the address, so that it can be shared. */
  function share() {
    const state = new URLSearchParams(SHARED.map((name) => [name, find(name).value]).filter(([, value]) => value));
    history.replaceState(null, "", `#choose?${state}`);
  }

  function restore() {
    const [target, state] = location.hash.split("?");
    if (target !== "#choose" || !state) return;
    const given = new URLSearchParams(state);
    const take = (name) => {
      const [field, value] = [find(name), given.get(name)];
      const isOffered = !field.options || [...field.options].some((option) => option.value === value);
      if (value !== null && isOffered) field.value = value;
    };
    take("group");
    listProtocols();
    SHARED.slice(1).forEach(take);
    section.scrollIntoView();
  }

  function listProtocols() {
    const chosen = find("protocol").value || data.protocol;
    const words = (name) => [name, data.described[name]].filter(Boolean).join(": ");
    const options = group().protocols.map((name) => new Option(words(name), name, name === data.protocol, name === chosen));
    find("protocol").replaceChildren(...options);
  }

  find("group").addEventListener("input", listProtocols);
  for (const cost of data.costs) find(`slide-${cost.key}`).addEventListener("input", () => slide(cost));
  const act = () => {
    update();
    share();
  };
  section.addEventListener("input", act);
  section.addEventListener("reset", () => setTimeout(() => {
    listProtocols();
    act();
  }));
  addEventListener("hashchange", () => {
    restore();
    update();
  });
  listProtocols();
  restore();
  follow(update);
})();
