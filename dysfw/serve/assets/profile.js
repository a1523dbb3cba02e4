// What is known of a condition: links, genes, its signs compared with the patient's, and typical faces.

import * as api from "./api.js";
import { button, link, make } from "./dom.js";
import { percent, ratio } from "./format.js";
import { addSign } from "./signs.js";
import { state } from "./state.js";

const FEW = 6; // signs that were not assessed, shown at first
const FACES = 3;
const opened = new Set(); // lists that the user opened, which stay open when they are drawn again

export const linksOf = (profile) => make("p", { class: "links" },
  profile.identifiers.map(({ id, href }) => [link(href, id), " "]),
  profile.imitates ? make("span", { class: "quiet" }, `imitates ${profile.imitates} `) : "",
  profile.genes.length ? make("span", {}, profile.genes.length === 1 ? "Gene " : "Genes ", profile.genes.slice(0, 12).map(({ symbol, href }) => [link(href, symbol), " "]),
    profile.genes.length > 12 ? `and ${profile.genes.length - 12} more` : "") : "");

function shareOf(sign) {
  if (sign.frequency === null) return "";
  return make("span", { class: "share" }, sign.source || `about ${percent(sign.frequency)}`);
}

function assess(sign) {
  const known = state().mode === "one";
  return known ? make("span", { class: "assess" },
    button("observed", () => addSign(sign, "observed"), { "aria-label": `${sign.name}: observed`, "data-focus": `observed-${sign.id}` }),
    button("excluded", () => addSign(sign, "excluded"), { "aria-label": `${sign.name}: excluded`, "data-focus": `excluded-${sign.id}` })) : "";
}

const signName = (sign) => (sign.href ? link(sign.href, sign.name) : sign.name);

function list(title, key, entries, kind, few = entries.length) {
  if (!entries.length) return "";
  const whole = make("ul", { class: `signlist ${kind}` });
  const rest = entries.length - few;
  const more = button("", () => { if (!opened.delete(key)) opened.add(key); fill(); }, { class: "more", hidden: rest <= 0 });
  const fill = () => {
    whole.replaceChildren(...entries.slice(0, opened.has(key) ? entries.length : few));
    more.textContent = opened.has(key) ? "Show fewer" : `Show ${rest} more`;
  };
  fill();
  return make("div", {}, make("h4", {}, title), whole, more);
}

export function signsOf(profile, key) {
  const has = profile.signs.filter((sign) => sign.assessed === "observed");
  const lacks = profile.signs.filter((sign) => sign.assessed === "excluded" && (sign.frequency ?? 0.5) >= 0.1);
  const unusual = profile.compared.filter((sign) => sign.status === "observed" && sign.log10_lr !== null && sign.log10_lr < 0
    && !sign.because.includes("more general")); // who has a kind of a sign has the sign: it is listed above
  const open = profile.signs.filter((sign) => sign.assessed === "not assessed");
  const openEntry = (sign) => make("li", {}, make("span", {}, signName(sign), " ", shareOf(sign)), assess(sign));
  return make("section", { class: "known-signs" }, make("h3", {}, "Signs"), make("div", {}, list("The patient has", `has-${key}`, has.map((sign) => make("li", {}, signName(sign), " ", shareOf(sign))), "for"),
    list("Speak against it", `against-${key}`, [
      ...lacks.map((sign) => make("li", {}, signName(sign), " is excluded ", shareOf(sign))),
      ...unusual.map((sign) => make("li", {}, sign.name, sign.because ? `, ${sign.because} ` : " is not known of it ", make("b", {}, ratio(sign.log10_lr)))),
    ], "against")),
    make("div", {}, list("Not assessed, signs of the face", `facial-${key}`, open.filter((sign) => sign.facial).map(openEntry), "open", FEW),
      list("Not assessed, other signs", `other-${key}`, open.filter((sign) => !sign.facial).map(openEntry), "open", FEW)),
    profile.signs.length ? "" : make("p", { class: "quiet" }, "The ontology annotates no signs under the identifiers of this condition."));
}

export function facesOf(profile, condition, patientFace) {
  if (!profile.typical_faces && !profile.composite) return "";
  const section = make("section", { class: "typical" }, make("h3", {}, "Compare the faces"));
  const strip = make("div", { class: "strip" });
  if (patientFace) strip.append(make("figure", {}, patientFace(), make("figcaption", {}, "The patient")));
  if (profile.composite) {
    strip.append(make("figure", {}, make("img", { src: profile.composite.href, alt: `Mean face of ${profile.composite.patients} patients with the condition` }),
      make("figcaption", {}, `Mean of ${profile.composite.patients} training patients`)));
  }
  section.append(strip);
  if (profile.typical_faces) addTypicalFaces(section, strip, condition);
  return section;
}

async function addTypicalFaces(section, strip, condition) {
  const { sex } = state();
  const waiting = make("p", { class: "quiet" }, "Drawing typical faces …");
  section.append(waiting);
  try {
    const { faces } = await api.faces(condition, `?count=${FACES}${sex ? `&sex=${sex}` : ""}`);
    for (const face of faces) {
      strip.append(make("figure", {}, make("a", { href: face.href, target: "_blank", rel: "noopener" }, make("img", { src: face.href, alt: `Synthetic face: ${face.shown.join(", ") || "no sign"}`, loading: "lazy", width: 256, height: 256 })),
        make("figcaption", {}, "Synthetic", make("details", {}, make("summary", {}, `${face.shown.length} signs`), face.shown.join(", ")))));
    }
    const missing = faces[0]?.not_shown ?? [];
    waiting.textContent = `Synthetic faces are drawn from the condition's signs; they show no person.${missing.length ? ` Not drawn: ${missing.slice(0, 6).join(", ")}${missing.length > 6 ? ` and ${missing.length - 6} more` : ""}.` : ""}`;
  } catch (error) {
    waiting.textContent = error.message;
  }
}
