// A photo with the outlines of its regions and, if they were computed, heat maps. All coordinates are in pixels of the photo.

import { makeSvg } from "./dom.js";

const CONTEXT = 0.35; // margin around the face, as a fraction of its longer side
const MIN_STRENGTH = 0.08; // of a drawn cell, as a fraction of the strongest one

function viewOf({ width, height }, [left, upper, right, lower]) {
  const around = CONTEXT * Math.max(right - left, lower - upper);
  const x = Math.max(0, left - around);
  const y = Math.max(0, upper - around);
  return { x, y, width: Math.max(1, Math.min(width, right + around) - x), height: Math.max(1, Math.min(height, lower + around) - y) };
}

// The cells of a heat map as squares of side 1, moved to the photo by the corners of the region's crop.
function heat(map, strongest) {
  const side = map.importance.length;
  const [[x0, y0], [x1, y1], , [x3, y3]] = map.corners;
  const values = [(x1 - x0) / side, (y1 - y0) / side, (x3 - x0) / side, (y3 - y0) / side, x0, y0];
  const cells = map.importance.flatMap((row, y) => row.map((value, x) => ({ x, y, strength: value / strongest })));
  return makeSvg("g", { transform: `matrix(${values.map((value) => value.toFixed(4)).join(" ")})` }, cells
    .filter(({ strength }) => Math.abs(strength) > MIN_STRENGTH)
    .map(({ x, y, strength }) => makeSvg("rect", { x, y, width: 1, height: 1, class: strength > 0 ? "supports" : "opposes", "fill-opacity": (0.6 * Math.abs(strength)).toFixed(2) })));
}

export function faceView(image, prediction, { maps = [], outlines = true, label = "" } = {}) {
  const { box } = prediction.face;
  const view = viewOf(image, box);
  const strongest = Math.max(1e-12, ...maps.flatMap((map) => map.importance.flat().map(Math.abs)));
  const shown = prediction.regions.filter((region) => region.polygon);
  const described = maps.length ? `with a heat map of ${maps.length} regions` : `with outlines of ${shown.length} regions`;
  return makeSvg("svg", { class: "face", viewBox: `${view.x} ${view.y} ${view.width} ${view.height}`, role: "img", "aria-label": `${label || image.source}, the face ${described}` },
    makeSvg("image", { href: image.preview, width: image.width, height: image.height, preserveAspectRatio: "none" }),
    makeSvg("g", { class: "heat" }, maps.map((map) => heat(map, strongest))),
    outlines ? makeSvg("g", { class: "outlines", fill: "none", "stroke-width": (Math.max(view.width, view.height) / 260).toFixed(2) },
      makeSvg("rect", { class: "box", x: box[0], y: box[1], width: box[2] - box[0], height: box[3] - box[1] }),
      shown.map((region, number) => makeSvg("polygon", { class: `region-${number % 8}`, points: region.polygon.map((point) => point.join(",")).join(" ") },
        makeSvg("title", {}, region.name)))) : "");
}
