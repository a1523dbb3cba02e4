// Writes numbers so that rounding never hides them: 0.0004 is "<0.001", and 0.9997 is ">0.999".

export function probability(value) {
  if (value > 0 && value < 0.001) return "<0.001";
  if (value < 1 && value > 0.999) return ">0.999";
  return value.toFixed(3);
}

export function signed(value) {
  if (value !== 0 && Math.abs(value) < 0.0005) return value > 0 ? "+<0.001" : "−<0.001";
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}

// A likelihood ratio from its decimal logarithm: "×1,200", "×0.03", "×10⁷".
export function ratio(log10) {
  if (log10 === null || log10 === undefined) return "–";
  if (Math.abs(log10) >= 5) return `×10${[...String(Math.round(log10))].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit] ?? "⁻").join("")}`;
  return `×${Number((10 ** log10).toPrecision(2)).toLocaleString("en", { maximumFractionDigits: 6 })}`;
}

export const percent = (share) => (share > 0 && share < 0.01 ? "<1 %" : share < 1 && share > 0.99 ? ">99 %" : `${Math.round(100 * share)} %`);

export const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

export const estimate = ({ value, low, high }) =>
  low === null || low === undefined ? value.toFixed(3) : `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;

export const words = (label) => (label === "face" ? "whole face" : label.replaceAll("_", " "));
