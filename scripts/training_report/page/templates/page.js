"use strict";

const content = JSON.parse(document.getElementById("content").textContent);
const slider = document.getElementById("epoch");

/** Show the stains of a validation, and its place in the curves. */
function show(index) {
  const epoch = content.epochs[index];
  for (const image of document.querySelectorAll("img[data-slice]")) {
    const stain = content.stains[image.dataset.slice][index];
    image.classList.toggle("absent", !stain);
    if (stain) image.src = `data:image/jpeg;base64,${stain}`;
  }
  for (const chart of document.querySelectorAll("svg.chart")) {
    const { first, last, epochs } = chart.dataset;
    const x = Number(first) + (epoch / epochs) * (last - first);
    for (const end of ["x1", "x2"]) chart.querySelector(".cursor").setAttribute(end, x.toFixed(1));
    chart.classList.add("at");
  }
  const words = [`Epoch ${epoch}`, content.scores[index]].filter(Boolean).join(": ");
  document.getElementById("epoch-words").textContent = words;
  slider.setAttribute("aria-valuetext", words);
}

function go(index) {
  slider.value = index;
  show(index);
}

/** The validation nearest to a place in a chart. */
function nearest(chart, event) {
  const box = chart.getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
  const { first, last, epochs } = chart.dataset;
  const epoch = ((x - first) / (last - first)) * epochs;
  const far = content.epochs.map((each) => Math.abs(each - epoch));
  return far.indexOf(Math.min(...far));
}

if (slider && content.epochs.length > 0) {
  const end = content.epochs.length - 1;
  const best = content.epochs.indexOf(content.best);
  document.getElementById("panel").hidden = end === 0;
  slider.addEventListener("input", () => show(Number(slider.value)));
  document.getElementById("first").addEventListener("click", () => go(0));
  document.getElementById("last").addEventListener("click", () => go(end));
  document.getElementById("best").hidden = best < 0;
  document.getElementById("best").addEventListener("click", () => go(best));
  for (const chart of document.querySelectorAll("svg.chart")) {
    chart.addEventListener("click", (event) => go(nearest(chart, event)));
  }
  go(end); // browsers keep a slider's place when a page is loaded again
}
document.documentElement.dataset.ready = "";
