"use strict";

// The page's volumes: JPEG images of many slices, decoded one after the other into flat arrays.

/**
 * Whether the browser gives pages the pixels that they drew: some blur them against fingerprinting, and with them a stain.
 */
function pixelsAreTrue() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 8;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "rgb(12, 134, 201)";
  context.fillRect(0, 0, 8, 8);
  const pixels = context.getImageData(0, 0, 8, 8).data;
  return pixels.every((value, index) => value === [12, 134, 201, 255][index % 4]);
}

/**
 * A volume of `channels` bytes a voxel, x fastest, then y, then z; `ready[z]` is 1 where slice z is decoded.
 */
class VoxelArray {
  constructor([depth, height, width], channels) {
    Object.assign(this, { depth, height, width, channels });
    this.values = new Uint8Array(depth * height * width * channels);
    this.ready = new Uint8Array(depth);
  }

  /** Copy the slices from `first` on out of the pixels (red, green, blue, alpha) of an image. */
  fill(first, { data, width, height }, tiling) {
    const rows = Math.floor(height / tiling.height);
    const last = Math.min(this.depth, first + rows * tiling.columns);
    for (let z = first; z < last; z++) {
      const top = Math.floor((z - first) / tiling.columns) * tiling.height;
      const left = ((z - first) % tiling.columns) * tiling.width;
      let to = z * this.height * this.width * this.channels;
      for (let y = 0; y < this.height; y++) {
        let from = ((top + y) * width + left) * 4;
        for (let x = 0; x < this.width; x++, from += 4) {
          this.values[to++] = data[from];
          if (this.channels === 3) {
            this.values[to++] = data[from + 1];
            this.values[to++] = data[from + 2];
          }
        }
      }
      this.ready[z] = 1;
    }
  }
}

/**
 * Decode all images, those around the middle slice first, and let go of their text.
 * `done(part)` is called after each, with the part of all that is done.
 */
async function decodeAll(volumes, tiling, middle, done) {
  const each = tiling.columns * tiling.rows;
  const distance = (element) => Math.abs(Number(element.dataset.first) + each / 2 - middle);
  const elements = [...document.querySelectorAll("script.atlas")].sort((a, b) => distance(a) - distance(b));
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  for (const [index, element] of elements.entries()) {
    const image = new Image();
    image.src = "data:image/jpeg;base64," + element.textContent;
    await image.decode();
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    volumes[element.dataset.layer].fill(Number(element.dataset.first), pixels, tiling);
    element.remove();
    done((index + 1) / elements.length);
    await new Promise((resume) => setTimeout(resume)); // so that the page answers meanwhile
  }
  canvas.width = canvas.height = 0; // some browsers keep a canvas's memory for long
}
