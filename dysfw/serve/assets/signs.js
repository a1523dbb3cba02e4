// The search for signs, and the signs of the patient. The search follows the combobox pattern of the ARIA practices.

import * as api from "./api.js";
import { announce, button, byId, link, make, toast } from "./dom.js";
import { change, onChange, state } from "./state.js";

const WAIT = 80; // ms after the last key
const input = byId("sign");
const list = byId("sign-list");
let matches = [];
let active = -1;
let listed = ""; // the text that the list answers
let timer = null;
let request = null;

export function addSign({ id, name }, status) {
  const known = state().signs.find((sign) => sign.id === id);
  if (known?.status === status) {
    announce(`${name} is already ${status}.`);
    return;
  }
  const signs = known ? state().signs.map((sign) => (sign.id === id ? { id, name, status } : sign)) : [...state().signs, { id, name, status }];
  change(`${name}: ${status}`, { signs });
}

function removeSign(id) {
  const { name } = state().signs.find((sign) => sign.id === id);
  change(`Removed ${name}`, { signs: state().signs.filter((sign) => sign.id !== id) });
  toast(`Removed ${name}.`, "Undo", () => byId("undo").click());
}

// Whether a sign is observed or excluded is chosen with it: a choice that stayed would silently hold for the next sign, too.
function choose(index, status) {
  addSign(matches[index], status);
  input.value = "";
  show([]);
  input.focus();
}

function show(found, note = "", text = "") {
  matches = found;
  listed = text;
  active = found.length ? 0 : -1;
  list.replaceChildren(...found.map((term, index) => make("li", { role: "option", id: `option-${index}`, "aria-selected": String(index === active),
    title: term.definition || null, onmousedown: (event) => event.preventDefault(), onclick: (event) => choose(index, event.target.dataset.status ?? "observed") },
  make("span", { class: "name" }, term.name), term.synonym ? make("span", { class: "quiet" }, term.synonym) : "", make("span", { class: "id" }, term.id),
  make("span", { class: "picks" }, ["observed", "excluded"].map((status) => make("span", { class: "pick", "data-status": status }, status))))));
  if (note) list.append(make("li", { role: "option", "aria-disabled": "true", "aria-selected": "false", class: "quiet" }, note));
  list.hidden = !found.length && !note;
  input.setAttribute("aria-expanded", String(!list.hidden));
  mark();
}

function mark() {
  [...list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === active)));
  if (active < 0) input.removeAttribute("aria-activedescendant");
  else {
    input.setAttribute("aria-activedescendant", `option-${active}`);
    list.children[active].scrollIntoView({ block: "nearest" });
  }
}

async function search() {
  request?.abort();
  const text = input.value.trim();
  if (!text) return show([]);
  request = new AbortController();
  try {
    const { terms } = await api.terms(text, request.signal);
    if (input.value.trim() === text) show(terms, terms.length ? "" : "No sign has this name. Try another word for it.", text);
  } catch (error) {
    if (error.name !== "AbortError") show([], error.message);
  }
}

// Enter before the answer to the last letter came: wait for it, and choose only a sign that is called so.
async function chooseTyped(status) {
  const text = input.value.trim();
  if (listed !== text) {
    clearTimeout(timer);
    await search();
    const same = (name) => name?.toLowerCase() === text.toLowerCase();
    active = matches.findIndex((term) => same(term.name) || same(term.synonym));
    mark();
  }
  if (active >= 0 && listed === input.value.trim()) choose(active, status);
}

input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, WAIT); });
input.addEventListener("keydown", (event) => {
  if (event.key === "Enter") {
    event.preventDefault();
    chooseTyped(event.shiftKey ? "excluded" : "observed");
  } else if (event.key === "Escape") {
    show([]);
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && matches.length) {
    event.preventDefault();
    active = (active + (event.key === "ArrowDown" ? 1 : -1) + matches.length) % matches.length;
    mark();
  }
});
input.addEventListener("blur", () => show([]));

function entry(sign) {
  const other = sign.status === "observed" ? "excluded" : "observed";
  return make("li", { class: `sign ${sign.status}` },
    button(sign.status, () => addSign(sign, other), { class: "status-switch", "aria-label": `${sign.name}: ${sign.status}; change to ${other}`, "data-focus": `switch-${sign.id}` }),
    make("span", { class: "name" }, link(`https://hpo.jax.org/browse/term/${sign.id}`, sign.name)),
    button("×", () => removeSign(sign.id), { class: "icon", "aria-label": `Remove ${sign.name}`, "data-focus": `drop-${sign.id}` }));
}

onChange((now, before) => {
  if (now.signs === before.signs && now.mode === before.mode) return;
  const shown = byId("signs");
  const focused = shown.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  shown.replaceChildren(...now.signs.map(entry));
  if (focused) (shown.querySelector(`[data-focus="${focused}"]`) ?? input).focus();
});

// Without an ontology there is nothing to search in.
export function disableSearch(reason) {
  byId("sign-search").hidden = true;
  byId("signs-note").textContent = reason;
}
