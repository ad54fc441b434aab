// What the page says about the volume: subtitle, notes, table of facts.

function describe() {
  const size = spacing && AXES.map((axis) => spacing[axis]);
  const even = size && size.every((length) => Math.abs(length / size[0] - 1) < 1e-4);
  const cube = AXES.map((axis) => block[axis]);
  const averaged = cube.some((length) => length > 1);
  byId("subtitle").textContent = [content.scan, content.finished && `stained ${content.finished}`].filter(Boolean).join(" · ");
  byId("doubt").textContent = content.doubt;
  byId("doubt").hidden = !content.doubt;
  byId("differs").hidden = !content.differs.length;
  for (const text of content.differs) byId("differs").append(Object.assign(document.createElement("li"), { textContent: text }));
  byId("truth").textContent =
    (averaged
      ? `One voxel of this page is the mean of ${cube.join(" × ")} (z, y, x) of the volume. `
      : "This page shows every voxel of the volume. ") +
    "Voxels are drawn as rectangles of their true proportions; nothing between them is interpolated. " +
    `Images are JPEG (quality ${content.quality}): measure in the original files.`;
  byId("unsure").textContent =
    `Uncertainty: the standard deviation of ${content.views} stains of a slice, turned and mirrored, in grey levels of 255. ` +
    "It ranks errors, it is no probability of one.";
  const [lo, hi] = content.window.map((value) => Number(value.toPrecision(6)));
  const source = { given: "given", trained: "the training's", percentiles: "percentiles of this volume" }[content.window_source];
  const facts = {
    "Voxels (z × y × x)": content.volume.join(" × "),
    "Voxel size": !size ? "not known, so there is no scale bar" : even ? lengthText(size[0]) : `${size.map(lengthText).join(" × ")} (z × y × x)`,
    Weights: content.weights || "not known",
    "CT window": `${lo} to ${hi}${source ? `, ${source}` : ""}`,
    Directions: directions ? `x to ${directions.x}, y to ${directions.y}, z to ${directions.z}, as the file says` : "not known",
  };
  for (const [name, text] of Object.entries(facts)) {
    byId("facts").append(Object.assign(document.createElement("dt"), { textContent: name }));
    byId("facts").append(Object.assign(document.createElement("dd"), { textContent: text }));
  }
}
