"use strict";
// The settings of a dynamic method on an image, or the scales of methods of every scale, one at a time, by a slider;
// without this script all of them stand.

for (const article of document.querySelectorAll(".operating")) {
  const points = [...article.querySelectorAll(".points > li")];
  const stops = [...article.querySelectorAll(".stops button")];
  const slider = article.querySelector("input[type=range]");

  function show(number) {
    slider.value = number;
    points.forEach((point, i) => { point.hidden = i !== number; });
    stops.forEach((stop, i) => stop.classList.toggle("here", i === number));
    const values = [...points[number].querySelectorAll("dd b")].map((value) => value.textContent);
    if (values.length) values[0] += " of the FLOPs";
    slider.setAttribute("aria-valuetext", [stops[number].textContent, ...values].join(", "));
  }
  slider.addEventListener("input", () => show(Number(slider.value)));
  stops.forEach((stop, i) => stop.addEventListener("click", () => show(i)));
  article.querySelector(".dial").hidden = false;
  article.classList.add("one");
  show(Number(slider.value));
}
