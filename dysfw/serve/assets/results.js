// Asks the server for the result of what was entered, and shows it.

import * as api from "./api.js";
import { announce, button, byId, make, toast } from "./dom.js";
import { count, estimate, probability } from "./format.js";
import { conditions, forgetOpen, nameOf } from "./conditions.js";
import { diseases, forgetDiseases } from "./diseases.js";
import { faceView } from "./faceview.js";
import { add, allKept, faceOf, isBusy, photoOf, sendAgain } from "./photos.js";
import { problemsOfRecord } from "./person.js";
import { photoView, switches } from "./photoview.js";
import { saveBar } from "./save.js";
import { isEmpty, record, state } from "./state.js";

const output = byId("output");
let model = null;
let result = null; // of the images in `used`
let used = [];
let problems = [];
let stale = ""; // why the result is not that of what was entered last
let tab = "conditions";
let explained = null; // label of the condition whose heat maps are shown
let paper = /\b(US|CA|MX)$/.test(navigator.language) ? "letter" : "a4";
let request = null;
let timer = null;

export function setModel(bundle) {
  model = bundle;
  draw();
}

// The photos whose result is shown: all of the patient, or the selected person's.
function chosenPhotos() {
  const { photos, mode, selected } = state();
  const shown = mode === "one" ? photos : photos.filter((photo) => photo.key === selected);
  return shown.filter(({ key }) => photoOf(key)?.status === "ready");
}

const imagesOf = (photos) => photos.map((chosen) => ({ id: photoOf(chosen.key).image.id, face: faceOf(chosen).face.index }));
// A patient with one photo and no name is that photo, so that files are named after it.
const patientOf = (photos) => (state().mode === "several" ? null : state().name || (photos.length > 1 ? "patient" : null));
const requestOf = (photos) => ({ images: imagesOf(photos), patient: patientOf(photos), record: record() });
const nameOfPhoto = (chosen) => photoOf(chosen.key).file.name || "pasted photo";

// While many photos arrive, the result is updated now and then, not after each of them.
export function updateSoon() {
  clearTimeout(timer);
  if (!result || !isBusy()) update();
  else timer = setTimeout(update, 1000);
}

export async function update() {
  clearTimeout(timer);
  request?.abort();
  request = new AbortController();
  const { signal } = request;
  const photos = chosenPhotos();
  if (isEmpty()) { result = null; problems = []; forgetOpen(); forgetDiseases(); tab = "conditions"; explained = null; }
  if (!photos.length && !isBusy()) { result = null; used = []; stale = ""; }
  byId("results").setAttribute("aria-busy", "true");
  try {
    problems = await problemsOfRecord(signal);
    if (photos.length) {
      const answer = await api.predict(requestOf(photos), signal);
      result = answer.patient ?? answer.predictions[0];
      used = photos;
      stale = "";
      if (!isBusy()) {
        allKept();
        tell();
      }
    }
  } catch (error) {
    if (error.name === "AbortError") return;
    stale = error.code === "not_kept" ? "the photos are sent again" : error.message;
    if (error.code === "not_kept") sendAgain(error.ids.length ? error.ids : imagesOf(photos).map((image) => image.id));
    else announce(error.message, true);
  }
  byId("results").setAttribute("aria-busy", String(isBusy()));
  draw();
}

// Read the result aloud; on a phone it is below what was entered, so offer the way to it.
function tell() {
  announce(summary());
  const isTyping = document.activeElement === byId("sign"); // a message would cover what is typed
  if (!isTyping && byId("output").getBoundingClientRect().top > window.innerHeight) toast(summary(), "Show", () => byId("results").scrollIntoView());
}

function summary() {
  const first = result.ranking[0];
  const text = `${nameOf(first)} ranks first (${probability(first.probability)})`;
  return result.reliable ? `${text}.` : `${text}. ${result.reasons[0].message}.`;
}

function draw() {
  used = used.filter(({ key }) => photoOf(key)?.image); // without those that were removed meanwhile
  if (!used.length) result = null;
  const hadFocus = output.contains(document.activeElement);
  const focused = hadFocus ? document.activeElement.dataset.focus : null;
  if (isEmpty() || !model) output.replaceChildren(guide());
  else output.replaceChildren(...[overview(), tabs()].filter(Boolean));
  if (hadFocus) ((focused && output.querySelector(`[data-focus="${focused}"]`)) || byId("results")).focus({ preventScroll: true });
}

function guide() {
  const sample = model?.face_generator ? button("Try it with a synthetic face", trySample, { class: "primary" }) : "";
  return make("div", { class: "guide" },
    make("h2", {}, "Which conditions fit this patient?"),
    make("ol", {},
      make("li", {}, make("b", {}, "Add a photo of the face"), ", frontal if there is one. Several photos of the patient are better than one."),
      make("li", {}, make("b", {}, "Add signs, age and sex"), " if you know them. Signs without a photo rank all diseases."),
      make("li", {}, make("b", {}, "Read the ranked conditions"), " and open one to see why it is there, which signs fit, and which speak against it.")),
    sample);
}

async function trySample() {
  const labels = model.labels.filter((one) => !/unaffected|control|normal|healthy/.test(one.label))
    .sort((one, other) => Number(Boolean(other.condition?.omim)) - Number(Boolean(one.condition?.omim))); // its signs are annotated
  for (const { label } of labels) {
    try {
      const { faces } = await api.faces(label, "?count=1");
      const content = await api.blob(faces[0].href);
      add([new File([content], `synthetic face, ${label}.jpg`, { type: content.type })]);
      return;
    } catch { /* this condition has no typical face: try the next */ }
  }
  announce("There is no synthetic face for a condition of this model.", true);
}

function performance() {
  const measured = model.performance;
  if (!measured) return "";
  const chance = measured.beats_chance ? "shown to beat chance" : "not shown to beat chance";
  const { both, "record alone": alone } = measured.records;
  const records = both ? ` With the record (signs, age, sex) of the patient: ${estimate(both)}; the record alone: ${estimate(alone)}.${both.value < alone.value ? " So photos did not help there." : ""}` : "";
  return make("p", { class: measured.beats_chance ? "quiet" : "problem" },
    `How good is this model? In cross-validation over its ${model.labels.length} conditions, photos alone reached a balanced accuracy of ${estimate(measured.balanced_accuracy)} (chance ${measured.chance.toFixed(3)}; ${chance}).${records} `,
    make("a", { href: "#meaning", onclick: () => { byId("meaning").open = true; } }, "What do the numbers mean?"), " ",
    make("a", { href: "/v1/card", target: "_blank", rel: "noopener" }, "Model card"));
}

function setText() {
  const { prediction_set: set, ranking } = result;
  const names = set.labels.map((label) => nameOf(ranking.find((one) => one.label === label)));
  if (result.reasons.some((reason) => reason.code === "out_of_distribution")) return "No set of conditions is stated, because it holds only for faces like those in the training data.";
  const always = set.always_included.map((label) => nameOf(ranking.find((one) => one.label === label)));
  if (!names.length) return `The ${100 * set.coverage} % set is empty: no condition of the model fits this face.`;
  const listed = names.length === ranking.length ? `all ${names.length} conditions, so none can be ruled out` : names.join("; ");
  return `The ${100 * set.coverage} % set: ${listed}. Sets made this way hold the true condition of ${100 * set.coverage} % of patients like those in the training data.`
    + (always.length && names.length < ranking.length ? ` In every set, because too few patients with it were in the training data: ${always.join("; ")}.` : "");
}

function overview() {
  if (!result) {
    if (isBusy()) return make("div", { class: "overview" }, make("p", {}, "Processing …"));
    const { photos } = state();
    return photos.length && !chosenPhotos().length ? make("div", { class: "overview" }, make("p", { class: "problem" }, "No result: none of the photos could be used. The list of photos says why.")) : null;
  }
  const first = result.ranking[0];
  const leftOut = (result.images ?? []).filter((image) => !image.counted);
  const warnings = result.warnings.filter((one) => !result.reasons.some((reason) => reason.code === one.code) && !model.warnings.some((known) => known.code === one.code));
  return make("div", { class: `overview ${result.reliable && !stale ? "" : "doubtful"}` },
    used.length ? make("div", { class: "portrait" }, patientFace()) : "",
    make("div", { class: "answer" },
      stale ? make("div", { class: "problem" }, `Not the result of what you entered last: ${stale} `, button("Try again", update, { "data-focus": "try-again" })) : "",
      isBusy() ? make("p", { class: "note" }, "Some photos are still processed; this is the result without them.") : "",
      make("p", { class: "lead" }, state().mode === "several" ? `${nameOfPhoto(used[0])}: ranks first` : "Ranks first"),
      make("h2", {}, make("bdi", {}, nameOf(first)), make("span", { class: "number" }, probability(first.probability))),
      result.images && result.images.length > 1 ? make("p", {}, `${result.images.length - leftOut.length} of ${result.images.length} photos used.`) : "",
      result.reliable ? make("p", { class: "quiet" }, used.length > 1 ? "No problem found with those that are used." : "No problem found with this photo.")
        : result.reasons.map((reason) => make("p", { class: "problem" }, reason.message)),
      make("p", {}, setText()),
      leftOut.map((image) => make("p", { class: "caution" }, `Left out: ${image.source}, ${image.left_out}`)),
      [...problems, ...warnings.map((one) => one.message)].map((text) => make("p", { class: "warning" }, text)),
      performance(),
      stale || isBusy() ? "" : saveBar(() => ({ ...requestOf(used), why: explained, top: shownRanks() }), () => state().name || (used.length === 1 ? nameOfPhoto(used[0]).replace(/\.[^.]*$/, "") : "patient"),
        { phenopackets: model.labels.some((one) => one.condition), paper: () => paper, setPaper: (value) => { paper = value; } })));
}

// Files list the first five conditions, and all of the set.
const shownRanks = () => Math.max(5, ...result.ranking.filter((one) => result.prediction_set.labels.includes(one.label)).map((one) => one.rank));

function patientFace() {
  const [chosen] = used;
  return faceView(photoOf(chosen.key).image, faceOf(chosen), { outlines: false, label: "The patient" });
}

const TABS = [
  ["conditions", () => `Conditions of this model (${model.labels.length})`, () => Boolean(result)],
  ["diseases", () => "All diseases", () => Boolean(model.ontology && (result || record()))],
  ["photos", () => (used.length === 1 ? "Photo" : `Photos (${used.length})`), () => Boolean(result)],
];

function tabs() {
  const known = TABS.filter(([, , isThere]) => isThere());
  if (!known.length) return isBusy() ? null : make("p", { class: "guide" }, "Add a photo or a sign to get a result.");
  const shown = known.some(([name]) => name === tab) ? tab : known[0][0];
  const select = (name) => { tab = name; draw(); output.querySelector(`#tab-${name}`).focus(); };
  const heads = known.map(([name, title], place) => make("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-selected": String(name === shown), "aria-controls": "panel",
    tabindex: name === shown ? 0 : -1, "data-focus": `tab-${name}`, onclick: () => select(name), onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) { event.preventDefault(); select(known[(place + step + known.length) % known.length][0]); }
    } }, title()));
  const panel = make("div", { id: "panel", role: "tabpanel", "aria-labelledby": `tab-${shown}`, tabindex: -1 });
  fillPanel(panel, shown);
  return make("div", { class: "tabs" }, make("div", { role: "tablist", "aria-label": "Results" }, heads), panel);
}

function fillPanel(panel, shown) {
  const face = used.length ? patientFace : null;
  if (shown === "conditions") {
    panel.append(signsNote(), conditions(result, { patientFace: face, redraw: draw }));
  } else if (shown === "diseases") {
    panel.append(make("p", { class: "quiet" }, "Ranking …"));
    diseases(panel, imagesOf(used), face);
  } else {
    const label = explained ?? result.ranking[0].label;
    const choice = make("select", { "data-focus": "explained", onchange: () => { explained = choice.value; draw(); } },
      result.ranking.map((one) => make("option", { value: one.label }, nameOf(one))));
    choice.value = label;
    panel.append(make("p", { class: "row" }, make("label", {}, "Heat maps for ", choice), switches(draw)),
      make("div", { class: "photo-views" }, used.map((chosen) => photoView(chosen, { label, name: nameOf(result.ranking.find((one) => one.label === label)), redraw: draw }))));
  }
}

// What the signs do in this list, if there are signs.
function signsNote() {
  const current = record();
  if (!current || model.reads_records) return "";
  return make("p", { class: "note" }, `This model predicts from photos alone: ${current.observed.length + current.excluded.length ? count(current.observed.length + current.excluded.length, "sign") : "age and sex"} `
    + "change nothing in this list. “All diseases” uses signs and photos together.");
}
