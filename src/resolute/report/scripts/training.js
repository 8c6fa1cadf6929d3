"use strict";
// The losses of all trainings over their steps, smoothed over a twentieth of each; one chart per kind of loss.

(() => {
  const charts = document.querySelectorAll(".training-chart");
  if (charts.length === 0) return;
  const trainings = JSON.parse(document.getElementById("trainings").textContent);

  function smooth(values) {
    const half = Math.floor(values.length / 40);
    return values.map((_, i) => {
      const near = values.slice(Math.max(0, i - half), i + half + 1);
      return near.reduce((sum, value) => sum + value, 0) / near.length;
    });
  }

  function drawLosses(chart) {
    const curves = trainings.filter((training) => training.recipe.loss === chart.dataset.loss);
    const losses = curves.flatMap((curve) => curve.loss);
    const scale = losses.every((loss) => loss > 0) ? logarithmic(losses) : {};
    const traces = curves.map((curve, i) => ({
      type: "scatter", mode: "lines", name: plain(curve.title), x: curve.step, y: smooth(curve.loss),
      line: { color: colour(LINE_COLOURS[i % LINE_COLOURS.length]), width: 1.75,
        dash: DASHES[Math.floor(i / LINE_COLOURS.length) % DASHES.length] },
      hovertext: curve.step.map((step, j) => `${plain(curve.title)}<br>step ${Math.round(step)}: ${curve.loss[j]}`),
      hoverinfo: "text",
    }));
    draw(chart, traces, {
      height: 320, showlegend: true, legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
      xaxis: axis("step"), yaxis: axis("training loss", scale),
    });
  }

  follow(() => charts.forEach(drawLosses));
})();
