"use strict";
// What the charts share: the page's own colours, light or dark, and names that stay names.

document.documentElement.classList.add("scripted");

const LINE_COLOURS = ["--blue", "--vermillion", "--green", "--purple", "--orange", "--sky"];
const DASHES = ["solid", "dash", "dot", "dashdot"];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A name for Plotly, which takes some tags for its own; shortened so that the chart keeps its room. */
function plain(text, limit = 40) {
  const short = text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
  return short.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function axis(title, more) {
  return {
    title: { text: title, standoff: 12 }, gridcolor: colour("--rule"), linecolor: colour("--rule"), zeroline: false,
    color: colour("--muted"), automargin: true, ...more,
  };
}

/** A logarithmic axis with a label at 1, 2 and 5 of every decade, and at round steps where the values lie close. */
function logarithmic(values) {
  const [least, most] = [Math.min(...values) * 0.93, Math.max(...values) * 1.07];
  const decade = 10 ** Math.floor(Math.log10(most - least));
  const step = [0.1, 0.2, 0.5, 1, 2].map((part) => part * decade).find((size) => (most - least) / size <= 8);
  const ticks = [];
  if (most / least < 4) {
    for (let i = Math.ceil(least / step); i * step <= most; i += 1) ticks.push(Number((i * step).toPrecision(6)));
  } else {
    for (let power = Math.floor(Math.log10(least)); 10 ** power <= most; power += 1) {
      ticks.push(...[1, 2, 5].map((digit) => Number(`${digit}e${power}`)));
    }
  }
  const names = ticks.map((tick) => tick.toLocaleString("en-GB", { maximumSignificantDigits: 6 }));
  const range = [Math.log10(least), Math.log10(most)];
  return values.length ? { type: "log", tickvals: ticks, ticktext: names, range } : {};
}

function draw(element, traces, layout) {
  const font = { family: getComputedStyle(document.body).fontFamily, size: 13, color: colour("--ink") };
  const hover = { bgcolor: colour("--ground"), bordercolor: colour("--rule"), align: "left", font };
  const common = {
    font, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", hoverlabel: hover, dragmode: false,
    margin: { l: 10, r: 16, t: 16, b: 10 },
  };
  return Plotly.react(element, traces, { ...common, ...layout }, { displayModeBar: false, responsive: true });
}

const redraws = [];

/** Draw now, and again whenever the reader's colours change. */
function follow(redraw) {
  redraws.push(redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  redraw();
}
