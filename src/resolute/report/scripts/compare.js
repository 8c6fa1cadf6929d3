"use strict";
// Two methods over each other, with a border that moves.

for (const comparison of document.querySelectorAll(".comparison")) {
  const views = [...comparison.querySelectorAll(".views img.result")];
  const [left, right] = comparison.querySelectorAll("select");
  const [under, over] = comparison.querySelectorAll(".pair img");
  const slider = comparison.querySelector("input[type=range]");
  const pair = comparison.querySelector(".pair");

  const choose = (select, image) => {
    const view = views[Number(select.value)];
    image.src = view.src;
    image.alt = view.alt;
  };
  for (const [select, image] of [[left, over], [right, under]]) {
    select.addEventListener("change", () => choose(select, image));
    choose(select, image);
  }
  slider.addEventListener("input", () => pair.style.setProperty("--at", `${slider.value}%`));
  for (const hidden of comparison.querySelectorAll("[hidden]")) hidden.hidden = false;
}
