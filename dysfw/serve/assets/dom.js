// Makes elements. Texts are set as text, never parsed, so markup in a name stays text.

export const byId = (id) => document.getElementById(id);

const SVG = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

export const make = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);
export const makeSvg = (tag, properties, ...children) => fill(document.createElementNS(SVG, tag), properties, children);

// A link to another site. The page tells it nothing of where the click came from.
export const link = (href, text) => make("a", { href, target: "_blank", rel: "noopener noreferrer" }, text);

export const button = (text, onclick, properties) => make("button", { type: "button", onclick, ...properties }, text);

// A horizontal bar from start to end, both from 0 to 1.
export function bar(start, end, kind) {
  const [left, right] = start < end ? [start, end] : [end, start];
  return makeSvg("svg", { class: "bar", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    makeSvg("rect", { class: kind, x: (100 * left).toFixed(2), width: (100 * (right - left)).toFixed(2), height: 6, rx: 0 }));
}

export function announce(text, isError = false) {
  const status = byId("status");
  if (status.textContent !== text) status.textContent = text;
  status.classList.toggle("error", isError);
}

let hideToast = null;

// A toast belongs to the last step: after another one, its action would undo that one instead.
export const closeToast = () => { byId("toast").hidden = true; };

// A message at the bottom of the page that goes by itself, with one action.
export function toast(text, action, onclick) {
  const box = byId("toast");
  box.replaceChildren(make("span", { role: "status" }, text), action ? button(action, () => { box.hidden = true; onclick(); }) : "");
  box.hidden = false;
  clearTimeout(hideToast);
  hideToast = setTimeout(() => { box.hidden = true; }, 8000);
}
