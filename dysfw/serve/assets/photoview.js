// The photos of a result, side by side, with outlines and heat maps. Heat maps are computed one region at a time.

import * as api from "./api.js";
import { announce, button, make } from "./dom.js";
import { probability, words } from "./format.js";
import { faceView } from "./faceview.js";
import { faceOf, photoOf, sendAgain } from "./photos.js";

const maps = new Map(); // "image/face/condition" -> maps, which the server computes once
let outlines = true;
let heat = true;
let running = null;

const keyOf = (image, face, label) => `${image.id}/${face.face.index}/${label}`;

export function photoView(chosen, { label, name, redraw }) {
  const photo = photoOf(chosen.key);
  const face = faceOf(chosen);
  const { image } = photo;
  const key = keyOf(image, face, label);
  const known = maps.get(key) ?? [];
  const first = face.ranking[0];
  const pose = face.face.pose;
  const regions = face.regions.filter((region) => region.polygon);
  const progress = make("span", { class: "quiet" });
  const compute = button("Heat map", () => computeMaps(chosen, label, progress, redraw), { "data-focus": `heat-${chosen.key}`, "aria-label": `Heat map of ${photo.file.name} for ${name}` });
  return make("article", { class: "photo-view", "aria-label": photo.file.name },
    make("h3", {}, make("bdi", {}, photo.file.name || "pasted photo")),
    faceView(image, face, { maps: heat ? known : [], outlines, label: photo.file.name }),
    make("ul", { class: "legend" }, regions.map((region, number) => make("li", { class: `region-${number % 8}` }, words(region.name)))),
    make("p", { class: "row" }, known.length < regions.length ? compute : "", progress),
    known.length ? make("p", { class: "quiet" }, make("span", { class: "key supports" }, "Orange"), " areas speak for ", name, ": blurring them makes it less probable. ", make("span", { class: "key opposes" }, "Blue"), " areas speak against it.") : "",
    make("p", {}, "Alone: ", make("b", {}, first.name || first.label), ` ${probability(first.probability)}`),
    face.reliable ? make("p", { class: "quiet" }, "No problem found with this image.") : face.reasons.map((reason) => make("p", { class: "problem" }, reason.message)),
    make("p", { class: "quiet" }, `${image.width} × ${image.height} px`, pose ? `, yaw ${Math.round(pose.yaw)}°, pitch ${Math.round(pose.pitch)}°` : "", ...Object.entries(face.absent).map(([region, reason]) => `; ${words(region)}: ${reason}`)));
}

function checkbox(text, focus, checked, onchange) {
  const input = make("input", { type: "checkbox", "data-focus": focus, onchange: () => onchange(input.checked) });
  input.checked = checked;
  return make("label", {}, input, ` ${text}`);
}

export const switches = (redraw) => [
  checkbox("region outlines", "outlines", outlines, (checked) => { outlines = checked; redraw(); }),
  maps.size ? checkbox("heat maps", "heat", heat, (checked) => { heat = checked; redraw(); }) : "",
];

async function computeMaps(chosen, label, progress, redraw) {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  const { image, file } = photoOf(chosen.key);
  const face = faceOf(chosen);
  const names = face.regions.filter((region) => region.polygon).map((region) => region.name);
  const found = [];
  try {
    for (const region of names) {
      progress.textContent = `Computing ${words(region)} (${found.length + 1} of ${names.length}) …`;
      found.push(await api.heatMap(image.id, face.face.index, region, label, signal));
    }
    maps.set(keyOf(photoOf(chosen.key).image, face, label), found);
    heat = true;
    announce(`Heat map of ${file.name} is ready.`);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error.code === "not_kept") {
      sendAgain([image.id]);
      announce("The server had forgotten this photo, and gets it again. Then ask for the heat map once more.", true);
    } else announce(error.message, true);
  }
  redraw();
}
