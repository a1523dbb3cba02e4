// All annotated diseases, by how well they explain signs and face.

import * as api from "./api.js";
import { bar, button, link, make } from "./dom.js";
import { ratio } from "./format.js";
import { facesOf, linksOf, signsOf } from "./profile.js";
import { addSign } from "./signs.js";
import { record } from "./state.js";

const FEW = 20;
const NAMES = { demographics: "age and sex" };
const open = new Set();
let limit = FEW;
let genes = "";
let request = null;

export function forgetDiseases() {
  open.clear();
  limit = FEW;
  genes = "";
}

// Fill a panel with the ranking; images are {id, face} as in predictions.
export async function diseases(panel, images, patientFace) {
  request?.abort();
  request = new AbortController();
  const wanted = genes.split(/[\s,;]+/).filter(Boolean);
  panel.setAttribute("aria-busy", "true");
  try {
    const ranked = await api.rank({ images, record: record(), genes: wanted, top: 100 }, request.signal);
    draw(panel, ranked, () => diseases(panel, images, patientFace), patientFace);
  } catch (error) {
    if (error.name !== "AbortError") panel.replaceChildren(geneFilter(() => diseases(panel, images, patientFace)), make("p", { class: "problem" }, error.message));
  }
  panel.setAttribute("aria-busy", "false");
}

function geneFilter(again) {
  return make("form", { class: "fields", onsubmit: (event) => { event.preventDefault(); again(); } },
    make("label", {}, "Only diseases of these genes ", make("input", { type: "text", value: genes, placeholder: "NIPBL, SMC1A", "data-focus": "genes", onchange: (event) => { genes = event.target.value; } })), button("Filter", again, { "data-focus": "filter" }));
}

function draw(panel, ranked, again, patientFace) {
  const focused = panel.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  const best = Math.max(1, ...ranked.ranking.map((one) => one.log10_lr ?? 0));
  const rest = ranked.ranking.length - limit;
  panel.replaceChildren(
    make("p", { class: "quiet" }, `${ranked.diseases.toLocaleString("en")} diseases of OMIM and Orphanet (${ranked.data.name} ${ranked.data.release}), by likelihood ratio; bars are logarithmic.`),
    ...(ranked.warnings ?? []).map((one) => make("p", { class: "warning" }, one.message ?? one)),
    ...(ranked.problems ?? []).map((one) => make("p", { class: "warning" }, one.message)),
    ranked.ranking.every((one) => !one.log10_lr) ? make("p", { class: "note" }, "Nothing of what you entered tells diseases apart: add observed signs or a photo.") : "",
    weighed(ranked), geneFilter(again), nextSigns(ranked),
    make("ol", { class: "ranking" }, ranked.ranking.slice(0, limit).map((one) => entry(one, { best, weights: ranked.weights }, patientFace))),
    rest > 0 ? button(`Show ${Math.min(rest, 80)} more`, () => { limit = 100; again(); }, { "data-focus": "more-diseases" }) : "");
  if (focused) panel.querySelector(`[data-focus="${focused}"]`)?.focus();
}

// With a model, signs and face count as it learned; the ratios are then not those of the signs alone.
function weighed({ weights }) {
  const changed = Object.entries(weights).filter(([, weight]) => weight < 0.995);
  if (!changed.length) return "";
  return make("p", { class: "note" }, `The model has learned how much each part counts, so the ratios are not those of signs alone: ${changed.map(([name, weight]) => `${name} to the power ${weight.toFixed(2)}`).join(", ")}. Without photos, signs count in full.`);
}

function nextSigns(ranked) {
  if (!ranked.next_signs.length) return "";
  return make("details", { class: "next" }, make("summary", {}, "Signs worth examining next"),
    make("ul", { class: "signlist open" }, ranked.next_signs.slice(0, 6).map((sign) => make("li", {}, make("span", {}, link(`https://hpo.jax.org/browse/term/${sign.id}`, sign.name)),
      make("span", { class: "assess" }, button("observed", () => addSign(sign, "observed"), { "aria-label": `${sign.name}: observed` }), button("excluded", () => addSign(sign, "excluded"), { "aria-label": `${sign.name}: excluded` }))))));
}

function entry(disease, { best, weights }, patientFace) {
  const body = make("div", { class: "body" });
  const parts = Object.entries(disease.log10_lr_of).filter(([, value]) => value !== null);
  const share = Math.max(0, (disease.log10_lr ?? 0) / best);
  const details = make("details", { open: open.has(disease.id) },
    make("summary", { "data-focus": `disease-${disease.id}` },
      make("span", { class: "rank" }, String(disease.panel_rank ?? disease.rank)),
      make("span", { class: "title" }, disease.name, make("span", { class: "quiet" }, ` ${disease.genes.slice(0, 3).map((gene) => gene.symbol).join(", ")}`), parts.length > 1 ? make("span", { class: "factors" }, parts.map(([name, value]) => `${NAMES[name] ?? name} ${ratio(value * weights[name])}`).join(", ")) : ""),
      bar(0, share, "member"), make("span", { class: "number" }, ratio(disease.log10_lr))),
    body);
  const fill = async () => {
    if (body.children.length) return;
    body.append(make("p", {}, parts.map(([name, value]) => [make("span", { class: "part-ratio", title: `${ratio(value)} before it is weighted` }, `${NAMES[name] ?? name} `, make("b", {}, ratio(value * weights[name]))), " "])));
    try {
      const profile = await api.compare(disease.id, record());
      body.append(linksOf(profile), make("div", { class: "disease-signs" }, signsOf(profile, disease.id)), facesOf(profile, disease.id, patientFace));
    } catch (error) {
      body.append(make("p", { class: "problem" }, error.message));
    }
  };
  details.addEventListener("toggle", () => { if (details.open) { open.add(disease.id); fill(); } else open.delete(disease.id); });
  if (details.open) fill();
  return make("li", {}, details);
}
