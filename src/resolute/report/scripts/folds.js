"use strict";
// What is folded opens for a link to it and for print.

function reveal() {
  const target = document.getElementById(location.hash.slice(1));
  if (!target) return;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  for (const fold of target.querySelectorAll(":scope.table > details")) fold.open = true;
  target.scrollIntoView();
}

addEventListener("hashchange", reveal);
document.addEventListener("click", (event) => {
  // A second click on the same link changes no hash.
  if (event.target.closest?.(`a[href="${CSS.escape(location.hash)}"]`)) reveal();
});
reveal();

(() => {
  const PAGE = 680; // pixels of an upright A4 page between its margins
  let closed = [];
  const charts = () => document.querySelectorAll(".js-plotly-plot");
  addEventListener("beforeprint", () => {
    // Paper is white, whatever the screen is.
    document.documentElement.classList.add("printing");
    for (const redraw of redraws) redraw();
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const fold of closed) fold.open = true;
    for (const chart of charts()) Plotly.relayout(chart, { width: PAGE });
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("printing");
    for (const redraw of redraws) redraw();
    for (const fold of closed) fold.open = false;
    for (const chart of charts()) Plotly.relayout(chart, { width: null, autosize: true });
  });
})();
