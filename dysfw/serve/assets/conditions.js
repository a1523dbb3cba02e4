// The conditions of the model, the most probable first. Each opens to its reasons, its signs and typical faces.

import * as api from "./api.js";
import { bar, button, make } from "./dom.js";
import { probability } from "./format.js";
import { facesOf, linksOf, signsOf } from "./profile.js";
import { reasons } from "./reasons.js";
import { record } from "./state.js";

const FEW = 5;
const open = new Set(); // labels of open conditions
const profiles = new Map(); // the last profile of each condition, shown until a newer one arrives
let showAll = false;

export const nameOf = (condition) => condition.name || condition.label;

export function forgetOpen() {
  open.clear();
  showAll = false;
}

export function conditions(result, { patientFace, redraw }) {
  const { ranking, prediction_set: set } = result;
  if (!open.size) open.add(ranking[0].label);
  const shown = ranking.filter((one, place) => showAll || place < FEW || set.labels.includes(one.label));
  const rest = ranking.length - shown.length;
  return make("div", { class: "conditions" },
    make("ol", { class: "ranking" }, shown.map((one) => entry(one, result, patientFace))),
    rest ? button(`Show all ${ranking.length} conditions`, () => { showAll = true; redraw(); }, { "data-focus": "all-conditions" }) : "");
}

function entry(condition, result, patientFace) {
  const { label } = condition;
  const member = result.prediction_set.labels.includes(label);
  const body = make("div", { class: "body" });
  const kind = !result.reliable ? "doubtful" : member ? "member" : "other";
  const details = make("details", { open: open.has(label), "data-label": label },
    make("summary", { "data-focus": `condition-${label}` },
      make("span", { class: "rank" }, String(condition.rank)),
      make("span", { class: "title" }, make("bdi", {}, nameOf(condition)), member ? make("span", { class: "badge", title: `in the ${100 * result.prediction_set.coverage} % prediction set, for which each condition has a threshold of its own` }, "in the set") : ""),
      bar(0, condition.probability, kind),
      make("span", { class: "number" }, probability(condition.probability))),
    body);
  const fill = () => { if (!body.children.length) fillBody(body, label, result, patientFace); };
  details.addEventListener("toggle", () => {
    if (details.open) { open.add(label); fill(); } else open.delete(label);
  });
  if (details.open) fill();
  return make("li", {}, details);
}

async function fillBody(body, label, result, patientFace) {
  const known = make("div", { class: "known" });
  const faces = make("div", {});
  const show = (profile) => {
    known.replaceChildren(linksOf(profile), signsOf(profile, label));
    if (!faces.children.length) faces.replaceChildren(facesOf(profile, label, patientFace));
  };
  body.append(make("div", { class: "columns" }, reasons(result, label), known), faces);
  if (profiles.has(label)) show(profiles.get(label));
  try {
    const profile = await api.compare(label, record());
    profiles.set(label, profile);
    show(profile);
  } catch (error) {
    if (!known.children.length) known.replaceChildren(make("p", { class: "quiet" }, error.message));
  }
}
