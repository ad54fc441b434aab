// Drawing a plane: one canvas pixel for each voxel, the browser stretches it to its true proportions.

/** Which axes a plane shows: columns to the right, rows downwards, and the one it is moved along. */
const PLANES = {
  xy: { columns: "x", rows: "y", normal: "z" },
  xz: { columns: "x", rows: "z", normal: "y" },
  yz: { columns: "y", rows: "z", normal: "x" },
};

const UNSURE = [217, 72, 15]; // --unsure in page.css
const OPAQUE = 0.85; // of it at the legend's end

/** How much of the uncertainty's colour a voxel gets, by its byte; `top` is the byte at the legend's end. */
function overlayStrengths(top) {
  return Float32Array.from({ length: 256 }, (_, value) => OPAQUE * Math.min(1, value / top));
}

/**
 * Draw a plane into an ImageData of its size.
 *
 * volumes: `stain` and perhaps `ct` and `uncertainty`, of one shape; position: voxel {x, y, z};
 * blend: 0 for the CT to 1 for the stain; strengths: see `overlayStrengths`, or null for no overlay.
 */
function drawPlane(image, plane, volumes, position, blend, strengths) {
  const { stain, ct, uncertainty } = volumes;
  const stride = { x: 1, y: stain.width, z: stain.width * stain.height };
  const { columns, rows, normal } = PLANES[plane];
  const across = stride[columns], down = stride[rows];
  const pixels = image.data;
  const part = ct ? blend : 1;
  let to = 0;
  for (let row = 0; row < image.height; row++) {
    let voxel = position[normal] * stride[normal] + row * down;
    const z = normal === "z" ? position.z : row;
    const ready = stain.ready[z] && (!ct || ct.ready[z]);
    for (let column = 0; column < image.width; column++, voxel += across, to += 4) {
      let red = stain.values[3 * voxel], green = stain.values[3 * voxel + 1], blue = stain.values[3 * voxel + 2];
      if (part < 1) {
        const grey = ct.values[voxel] * (1 - part);
        red = red * part + grey;
        green = green * part + grey;
        blue = blue * part + grey;
      }
      if (strengths) {
        const strength = strengths[uncertainty.values[voxel]];
        red += (UNSURE[0] - red) * strength;
        green += (UNSURE[1] - green) * strength;
        blue += (UNSURE[2] - blue) * strength;
      }
      pixels[to] = red; // a clamped array rounds
      pixels[to + 1] = green;
      pixels[to + 2] = blue;
      pixels[to + 3] = ready ? 255 : 0;
    }
  }
}

/** The greatest length of 1, 2 or 5 times a power of ten that is not above `longest`. */
function roundLength(longest) {
  const power = 10 ** Math.floor(Math.log10(longest));
  return [5, 2, 1].map((digit) => digit * power).find((length) => length <= longest) ?? power;
}

/** A length in mm as text: 200 µm, 1.5 mm. */
function lengthText(mm) {
  const digits = (value) => String(Number(value.toPrecision(3)));
  return mm < 1 ? `${digits(mm * 1000)} µm` : `${digits(mm)} mm`;
}
