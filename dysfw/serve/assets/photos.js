// The photos: which were added, the queue that sends them to the server, and the list that shows them.
//
// A photo is {key, file, status, image, message, canRetry, wasSentAgain}: status is "queued", "sending", "ready" or "failed"; image is what the server
// answered. The server may forget an image, because it was started again or keeps others: then it is sent again.

import * as api from "./api.js";
import { announce, button, byId, make, toast } from "./dom.js";
import { count, probability } from "./format.js";
import { change, onChange, reachableKeys, state } from "./state.js";

const AT_ONCE = 2; // requests that send photos
const limits = document.body.dataset;
const store = new Map();
const listeners = [];
let nextKey = 1;
let sending = 0;

export const photoOf = (key) => store.get(key);
export const onReady = (listener) => listeners.push(listener);
export const allPhotos = () => state().photos.map(({ key }) => store.get(key));
export const isBusy = () => allPhotos().some((photo) => photo.status === "queued" || photo.status === "sending");

// The face of a photo to use: what the user chose, else what the recipe chose.
export function faceOf({ key, face }) {
  const image = store.get(key)?.image;
  return image ? image.faces.find((one) => one.face.index === (face ?? image.chosen)) ?? image.faces[0] : null;
}

export function add(files, face = null) {
  const added = [];
  for (const file of files) {
    const photo = { key: nextKey, file, status: "queued", image: null, message: "", canRetry: false, wasSentAgain: false };
    nextKey += 1;
    if (file.size > Number(limits.maxUpload)) {
      photo.status = "failed";
      photo.message = `too large: this server accepts up to ${Math.floor(Number(limits.maxUpload) / 2 ** 20)} MiB`;
    }
    store.set(photo.key, photo);
    added.push({ key: photo.key, face });
  }
  if (!added.length) return;
  change(`Added ${added.length === 1 ? files[0].name || "a pasted photo" : count(added.length, "photo")}`, {
    photos: [...state().photos, ...added], selected: state().selected ?? added[0].key,
  });
}

export function remove(key) {
  const photo = store.get(key);
  const photos = state().photos.filter((one) => one.key !== key);
  const selected = state().selected === key ? photos[0]?.key ?? null : state().selected;
  change(`Removed ${photo.file.name}`, { photos, selected });
  toast(`Removed ${photo.file.name}.`, "Undo", () => byId("undo").click());
}

// Send images again that the server no longer keeps, each once: if they are gone again, it has no room for all of them.
export function sendAgain(ids) {
  for (const photo of allPhotos().filter((one) => one.image && ids.includes(one.image.id))) {
    photo.status = photo.wasSentAgain ? "failed" : "queued";
    photo.message = photo.wasSentAgain ? "the server has no room to keep all these photos at once; remove some" : "";
    photo.wasSentAgain = true;
  }
  drawList();
  work();
  if (!isBusy()) for (const listener of listeners) listener(); // the result is that of the others
}

// All photos are kept: each may be forgotten once more.
export function allKept() {
  for (const photo of allPhotos()) photo.wasSentAgain = false;
}

async function sendOne(photo) {
  photo.status = "sending";
  photo.canRetry = false;
  drawList();
  try {
    const image = await api.keepImage(photo.file);
    photo.image = image.error ? null : image;
    photo.status = image.error ? "failed" : "ready";
    photo.message = image.error?.message ?? "";
  } catch (error) {
    photo.status = "failed";
    photo.message = error.message;
    photo.canRetry = true;
    announce(`${photo.file.name}: ${error.message}`, true);
  }
  if (!state().photos.some((one) => one.key === photo.key)) forgetOnServer(photo); // removed meanwhile
  drawList();
}

async function work() {
  while (sending < AT_ONCE) {
    const photo = allPhotos().find((one) => one.status === "queued");
    if (!photo) return;
    sending += 1;
    sendOne(photo).then(() => {
      sending -= 1;
      for (const listener of listeners) listener();
      work();
    });
  }
}

function forgetOnServer(photo) {
  if (!photo.image) return;
  api.forget([photo.image.id]);
  photo.image = null;
  photo.status = "queued"; // if undo brings it back, it is sent again
}

export const forgetAll = () => api.forget([...store.values()].flatMap((photo) => (photo.image ? [photo.image.id] : [])));

onChange((now, earlier) => {
  const shown = new Set(now.photos.map((photo) => photo.key));
  for (const { key } of earlier.photos) if (!shown.has(key)) forgetOnServer(store.get(key));
  const reachable = reachableKeys();
  for (const key of store.keys()) if (!reachable.has(key)) store.delete(key);
  drawList();
  work();
});

function drawList() {
  const list = byId("photos");
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  list.replaceChildren(...state().photos.map(entry));
  if (focused) (list.querySelector(`[data-focus="${focused}"]`) ?? byId("files")).focus();
  const photos = allPhotos();
  byId("modes").hidden = photos.length < 2;
  const done = photos.filter((photo) => photo.status === "ready" || photo.status === "failed").length;
  byId("queue").hidden = done === photos.length || photos.length < 2;
  byId("queue-bar").value = photos.length ? done / photos.length : 0;
  byId("queue-text").textContent = `${done} of ${count(photos.length, "photo")}`;
}

const STATUS = { queued: "waiting …", sending: "processing …" };

function entry(chosen) {
  const photo = store.get(chosen.key);
  const { mode, selected } = state();
  const name = photo.file.name || "pasted photo";
  const face = faceOf(chosen);
  const picture = photo.image
    ? make("img", { src: photo.image.preview, alt: "", width: 56, height: 56 }) : make("span", { class: "blank", "aria-hidden": "true" });
  const note = photo.status === "failed" ? make("span", { class: "problem" }, photo.message)
    : photo.status !== "ready" ? make("span", { class: "quiet" }, STATUS[photo.status])
      : !face.reliable && mode === "one" ? make("span", { class: "caution" }, face.reasons[0].message) : "";
  const first = mode === "several" && face ? face.ranking[0] : null;
  const title = mode === "several" && photo.image
    ? button(name, () => change(null, { selected: chosen.key }), { class: "select", "aria-pressed": String(selected === chosen.key), "data-focus": `select-${chosen.key}` })
    : make("span", { class: "name" }, name);
  return make("li", { class: `photo ${photo.status}${mode === "several" && selected === chosen.key ? " selected" : ""}` },
    picture,
    make("div", { class: "about" }, title, first ? make("span", { class: "quiet" }, `${first.name || first.label} ${probability(first.probability)}`) : "",
      photo.image && photo.image.faces.length > 1 ? faceChoice(chosen, photo, name) : ""),
    button("×", () => remove(chosen.key), { class: "icon", "aria-label": `Remove ${name}`, "data-focus": `remove-${chosen.key}` }),
    note ? make("div", { class: "message" }, note, photo.status === "failed" && photo.canRetry
      ? button("Try again", () => { photo.status = "queued"; drawList(); work(); }, { "aria-label": `Try ${name} again` }) : "") : "");
}

function faceChoice(chosen, photo, name) {
  const select = make("select", { "aria-label": `Face in ${name}`, "data-focus": `face-${chosen.key}`, onchange: () => {
    const photos = state().photos.map((one) => (one.key === chosen.key ? { ...one, face: Number(select.value) } : one));
    change(`Chose another face in ${name}`, { photos });
  } });
  const current = faceOf(chosen).face.index;
  for (const { face } of photo.image.faces) {
    select.add(new Option(`face ${face.index + 1} of ${photo.image.faces.length}`, String(face.index), false, face.index === current));
  }
  return select;
}
