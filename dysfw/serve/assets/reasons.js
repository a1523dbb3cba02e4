// Why a condition has its probability: what face, regions, signs, age and sex add, from the base value to the probability.

import { bar, make } from "./dom.js";
import { probability, ratio, signed, words } from "./format.js";

const NAMES = { hpo: "Signs", demographics: "Age and sex" };
const LOG10 = Math.LN10;

function row(name, value, largest, properties) {
  const middle = 0.5;
  return make("tr", properties,
    make("th", { scope: "row" }, name),
    make("td", { class: "wide" }, value === null ? "" : bar(middle, middle + value / largest / 2, value > 0 ? "supports" : "opposes")),
    make("td", { class: "number" }, value === null ? "–" : signed(value)));
}

// The likelihood ratios of the single parts, such as signs, before they are weighted.
function parts(evidence, label) {
  const known = evidence.parts.filter((part) => part.log_ratio[label] !== null);
  known.sort((one, other) => Math.abs(other.log_ratio[label]) - Math.abs(one.log_ratio[label]));
  if (!known.length) return "";
  return make("tr", { class: "parts" }, make("td", { colspan: 3 }, make("ul", {}, known.map((part) =>
    make("li", { class: part.log_ratio[label] > 0 ? "for" : "against" }, `${part.name}${part.status === "excluded" ? " (excluded)" : ""} `,
      make("b", {}, ratio(part.log_ratio[label] / LOG10)))))));
}

// Bars of all conditions have one scale.
function largestOf({ contributions, evidence }) {
  const parts = [...Object.values(contributions), ...Object.values(evidence ?? {})];
  const labels = Object.keys(parts[0] ?? {});
  const faces = labels.map((one) => Object.values(contributions).reduce((sum, values) => sum + values[one], 0));
  return Math.max(1e-9, ...[...parts.flatMap((values) => Object.values(values)), ...faces].map(Math.abs));
}

export function reasons(result, label) {
  const { explanation } = result;
  if (!explanation) return "";
  const regions = Object.entries(explanation.contributions).map(([name, values]) => [name, values[label]]);
  regions.sort((one, other) => other[1] - one[1]);
  const evidence = Object.entries(explanation.evidence ?? {}).map(([name, values]) => [name, values[label]]);
  const face = regions.reduce((sum, [, value]) => sum + value, 0);
  const largest = largestOf(explanation);
  const own = (name) => result.record?.evidence.find((one) => one.name === name);
  return make("section", { class: "reasons" },
    make("h3", {}, "Reasons"),
    make("table", {},
      make("caption", {}, `Starts at ${probability(explanation.base_values[label])}, ends at ${probability(result.probabilities[label])}`),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Part"), make("th", { scope: "col" }, make("span", { class: "hidden" }, "Bar")), make("th", { scope: "col", class: "number" }, "Changes it by"))),
      make("tbody", {},
        row("Face", face, largest, { class: "sum" }),
        regions.length > 1 ? regions.map(([name, value]) => row(words(name), value, largest, { class: "region" })) : "",
        evidence.map(([name, value]) => [row(NAMES[name] ?? name, value, largest, { class: "sum" }), own(name) ? parts(own(name), label) : ""]))),
    result.record ? make("p", { class: "quiet" }, `Photos alone: ${probability(result.record.face_probabilities[label])}. `,
      "The ratio beside a sign says how much more often it is found with this condition than in patients of whom nothing is known.") : "");
}
