// The page: its state, planes and controls.

const LEGEND_TOP = 16; // grey levels at the end of the uncertainty's legend
const THIN = 0.1; // of its width: a plane that has no room for letters above and below
const OPPOSITE = { R: "L", L: "R", A: "P", P: "A", S: "I", I: "S" };
const ANATOMICAL = { R: "sagittal", L: "sagittal", A: "coronal", P: "coronal", S: "axial", I: "axial" };

const byId = (id) => document.getElementById(id);
const content = JSON.parse(byId("content").textContent);
const AXES = ["z", "y", "x"];
const ofAxis = (values) => Object.fromEntries(AXES.map((axis, index) => [axis, values[index]]));
const sides = ofAxis(content.shape), block = ofAxis(content.block), voxels = ofAxis(content.volume);
const spacing = content.spacing && ofAxis(content.spacing);
const directions = content.directions && { x: content.directions[0], y: content.directions[1], z: content.directions[2] };
/** Length of a side of the volume, in mm if that is known and in its voxels if not. */
const extent = (axis) => sides[axis] * block[axis] * (spacing ? spacing[axis] : 1);

const volumes = {};
const position = { x: sides.x >> 1, y: sides.y >> 1, z: sides.z >> 1 };
const strengths = overlayStrengths(LEGEND_TOP / content.levels_per_step);
const views = {};
let waiting = false;

function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    const blend = Number(byId("blend").value) / 100;
    const overlay = volumes.uncertainty && byId("uncertainty").checked ? strengths : null;
    for (const view of Object.values(views)) {
      drawPlane(view.image, view.plane, volumes, position, blend, overlay);
      view.context.putImageData(view.image, 0, 0);
      view.across.style.top = `${((position[view.axes.rows] + 0.5) / sides[view.axes.rows]) * 100}%`;
      view.down.style.left = `${((position[view.axes.columns] + 0.5) / sides[view.axes.columns]) * 100}%`;
    }
    readOut();
  });
}

function moveTo(changes) {
  for (const [axis, value] of Object.entries(changes)) {
    position[axis] = Math.min(sides[axis] - 1, Math.max(0, Math.round(value)));
  }
  for (const { axes, slider, output, stage, plane } of Object.values(views)) {
    const text = placeText(axes.normal);
    slider.value = position[axes.normal];
    slider.setAttribute("aria-valuetext", text);
    output.textContent = text;
    stage.setAttribute("aria-label", `Plane ${plane}, ${text}`);
  }
  redraw();
}

/** Which of the volume's slices an index stands for. */
function slicesText(axis) {
  const first = position[axis] * block[axis], last = Math.min(first + block[axis], voxels[axis]) - 1;
  return first === last ? `${first}` : `${first}–${last}`;
}

function placeText(axis) {
  if (voxels[axis] === 1) return "a single slice";
  const middle = (position[axis] + 0.5) * block[axis] * (spacing ? spacing[axis] : 0);
  return `${axis} ${slicesText(axis)} of 0–${voxels[axis] - 1}` + (spacing ? ` · ${lengthText(middle)}` : "");
}

function readOut() {
  const index = (position.z * sides.y + position.y) * sides.x + position.x;
  const { stain, ct, uncertainty } = volumes;
  byId("at").textContent = ["x", "y", "z"].map((axis) => `${axis} ${slicesText(axis)}`).join(", ");
  if (!stain.ready[position.z]) return;
  const colour = [...stain.values.subarray(3 * index, 3 * index + 3)];
  byId("swatch").style.backgroundColor = `rgb(${colour.join(" ")})`;
  byId("at-stain").textContent = `≈ ${colour.join(", ")}`;
  if (ct) {
    const [lo, hi] = content.window;
    byId("at-ct").textContent = `≈ ${Number((lo + ((hi - lo) * ct.values[index]) / 255).toPrecision(3))}`;
  }
  if (uncertainty) {
    const levels = uncertainty.values[index] * content.levels_per_step;
    byId("at-uncertainty").textContent = `≈ ${levels.toFixed(1)} grey levels`;
  }
}

function addPlane(plane) {
  const axes = PLANES[plane];
  const figure = byId("plane").content.firstElementChild.cloneNode(true);
  const part = (selector) => figure.querySelector(selector);
  const stage = part(".stage"), canvas = part("canvas"), slider = part("input");
  figure.classList.add(plane);
  figure.style.setProperty("--wide", extent(axes.columns));
  figure.style.setProperty("--high", extent(axes.rows));
  part("h2").append(`${plane} `);
  if (directions) {
    part("h2").append(Object.assign(document.createElement("span"), { textContent: ANATOMICAL[directions[axes.normal]] }));
    part(".right").textContent = directions[axes.columns];
    part(".left").textContent = OPPOSITE[directions[axes.columns]];
    if (extent(axes.rows) > THIN * extent(axes.columns)) {
      part(".bottom").textContent = directions[axes.rows];
      part(".top").textContent = OPPOSITE[directions[axes.rows]];
    }
  }
  canvas.width = sides[axes.columns];
  canvas.height = sides[axes.rows];
  slider.max = sides[axes.normal] - 1;
  slider.setAttribute("aria-label", `Slice of the plane ${plane}, along ${axes.normal}`);
  slider.hidden = sides[axes.normal] === 1;
  if (spacing) {
    const length = roundLength(extent(axes.columns) * 0.3);
    part(".bar").style.width = `${(length / extent(axes.columns)) * 100}%`;
    part(".length").textContent = lengthText(length);
  } else {
    part(".bar").remove();
  }
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  views[plane] = {
    plane, axes, stage, slider, context, image,
    across: part(".across"), down: part(".down"), output: part("output"),
  };
  slider.addEventListener("input", () => moveTo({ [axes.normal]: Number(slider.value) }));
  part(".enlarge").addEventListener("click", (event) => {
    const large = figure.classList.toggle("large");
    event.target.setAttribute("aria-pressed", large);
    event.target.textContent = large ? "Reduce" : "Enlarge";
    if (large) figure.scrollIntoView({ block: "nearest" });
  });
  // Magnified voxels stay rectangles; where there are more of them than pixels, the browser's mean loses none.
  new ResizeObserver(([{ contentRect }]) => {
    const reduced = contentRect.width * devicePixelRatio < canvas.width && contentRect.height * devicePixelRatio < canvas.height;
    canvas.style.imageRendering = reduced ? "auto" : "pixelated";
  }).observe(stage);
  followPointer(views[plane]);
  followKeys(views[plane]);
  byId("viewer").append(figure);
}

async function main() {
  describe();
  for (const layer of content.layers) volumes[layer] = new VoxelArray(content.shape, layer === "stain" ? 3 : 1);
  byId("viewer").classList.toggle("flat", 2 * extent("z") < extent("y"));
  Object.keys(PLANES).filter((plane) => plane === "xy" || sides.z > 1).forEach(addPlane);
  byId("blend-control").hidden = byId("ct-row").hidden = !volumes.ct;
  byId("no-ct").hidden = Boolean(volumes.ct);
  byId("uncertainty-control").hidden = byId("uncertainty-row").hidden = byId("unsure").hidden = !volumes.uncertainty;
  byId("legend-middle").textContent = `${LEGEND_TOP / 2} grey levels`;
  byId("legend-top").textContent = `${LEGEND_TOP} and more`;
  byId("blend").addEventListener("input", redraw);
  for (const [id, value] of [["all-ct", 0], ["all-stain", 100]]) {
    byId(id).addEventListener("click", () => {
      byId("blend").value = value;
      redraw();
    });
  }
  byId("uncertainty").addEventListener("change", (event) => {
    byId("legend").hidden = !event.target.checked;
    redraw();
  });
  byId("crosshair").addEventListener("change", (event) => byId("viewer").classList.toggle("plain", !event.target.checked));
  moveTo({});
  if (!pixelsAreTrue()) {
    throw new Error("This browser changes the pixels that pages draw (a privacy setting), so colours would be wrong: allow this page to read canvases, or use another browser.");
  }
  await decodeAll(volumes, content.tiling, position.z, (part) => {
    byId("progress").value = part;
    redraw();
  });
  byId("loading").hidden = true;
  document.documentElement.dataset.ready = "";
}

main().catch((error) => {
  byId("alarm").textContent = error.message || "The page's images cannot be decoded: the file is damaged, write it again.";
  byId("alarm").hidden = false;
});
