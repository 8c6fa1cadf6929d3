"use strict";
// How hard the patches of a data set are: a stacked histogram, one colour per category.

for (const chart of document.querySelectorAll(".histogram")) {
  const data = JSON.parse(chart.nextElementSibling.textContent);
  const middles = data.edges.slice(1).map((edge, i) => (edge + data.edges[i]) / 2);
  const width = data.edges[1] - data.edges[0];
  follow(() => {
    const traces = data.counts.map((counts, i) => ({
      type: "bar", name: `category ${i + 1}`, x: middles, y: counts, width,
      marker: { color: data.colours[i], line: { width: 0 } },
      hovertext: counts.map((count, j) => `difficulty ${Math.round(middles[j])}, category ${i + 1}: ${count}`),
      hoverinfo: "text",
    }));
    draw(chart, traces, {
      height: 340, barmode: "stack", bargap: 0, showlegend: true, 
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, traceorder: "normal" },
      xaxis: axis("difficulty (levels of luma)", { showgrid: false }), yaxis: axis("patches"),
    });
  });
}
