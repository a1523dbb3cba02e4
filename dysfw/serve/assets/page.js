// Starts the page: connects what the user does with what is shown.

import * as api from "./api.js";
import { announce, byId, closeToast, toast } from "./dom.js";
import { add, forgetAll, onReady } from "./photos.js";
import { isRecord, openRecord } from "./person.js";
import { setModel, update, updateSoon } from "./results.js";
import { restore } from "./session.js";
import { disableSearch } from "./signs.js";
import { change, clear, isEmpty, lastStep, onChange, undo } from "./state.js";

const PHONE = window.matchMedia("(max-width: 55rem)");

function addFiles(files) {
  const [records, photos] = [[], []];
  for (const file of files) (isRecord(file) ? records : photos).push(file);
  for (const file of records) openRecord(file);
  add(photos);
}

function undoLast() {
  const what = undo();
  if (what) toast(`Undone: ${what}.`);
}

byId("files").addEventListener("change", () => { addFiles([...byId("files").files]); byId("files").value = ""; });
byId("patient").addEventListener("submit", (event) => event.preventDefault());
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => { event.preventDefault(); byId("drop").classList.add("over"); });
}
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) byId("drop").classList.remove("over"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  byId("drop").classList.remove("over");
  addFiles([...event.dataTransfer.files]);
});
document.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  if (files.length) { event.preventDefault(); addFiles(files); }
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches?.("input[type=text]") && event.target.value;
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z" && !typing) { event.preventDefault(); undoLast(); }
});
for (const input of document.querySelectorAll("input[name=mode]")) {
  input.addEventListener("change", () => change(`The photos show ${input.value === "one" ? "one patient" : "different people"}`, { mode: input.value }));
}
byId("undo").addEventListener("click", undoLast);
byId("new-patient").addEventListener("click", () => {
  clear("Started a new patient");
  toast("Started a new patient.", "Undo", undoLast);
  byId("files").focus();
});

onChange((now) => {
  closeToast();
  byId("undo").disabled = lastStep() === null;
  byId("undo").title = lastStep() ?? "";
  byId("new-patient").disabled = isEmpty();
  document.querySelector(`input[name=mode][value=${now.mode}]`).checked = true;
  for (const part of ["signs-part", "person-part"]) byId(part).hidden = now.mode === "several";
  update();
});
onReady(updateSoon);
for (const kind of ["error", "unhandledrejection"]) window.addEventListener(kind, () => announce("The page has failed. Reload it to continue.", true));
window.addEventListener("pagehide", forgetAll);
window.addEventListener("online", update);

const isLocal = /^(localhost|127\.|\[::1\])/.test(window.location.hostname);
byId("where").textContent = isLocal ? "dysfw on this computer" : `the server ${window.location.hostname}`;
if (PHONE.matches) for (const part of ["signs-part", "person-part"]) byId(part).open = false;

async function start() {
  try {
    const model = await api.bundle();
    byId("model-name").textContent = `${model.recipe.name} · ${model.labels.length} conditions`;
    setModel(model);
    if (!model.ontology) disableSearch("This server has no ontology of signs. Ask the person who runs it to install dysfw-hpo.");
    await restore();
  } catch (error) {
    announce(error.message, true);
  }
}

start();
