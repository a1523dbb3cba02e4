// Keeps the session of this tab in the browser (IndexedDB), only if the user switched it on. Each tab has a session of its own.

import { byId, toast } from "./dom.js";
import { add, allPhotos } from "./photos.js";
import { change, isEmpty, onChange, reset, state } from "./state.js";

const NAME = "dysfw";
const STORE = "sessions";
const DAY = 24 * 3600 * 1000;
const WAIT = 300; // ms after the last change
const tab = sessionStorage.getItem("dysfw-tab") ?? crypto.randomUUID();
let timer = null;

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "tab" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function withStore(mode, work) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const request = work(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
}

const isOn = () => byId("keep").checked;

async function write() {
  if (!isOn()) return;
  const { mode, signs, age, sex, name, photos } = state();
  const files = allPhotos().map((photo, place) => ({ file: photo.file, face: photos[place].face }));
  try {
    await withStore("readwrite", (store) => store.put({ tab, when: Date.now(), mode, signs, age, sex, name, files }));
  } catch (error) {
    byId("keep").checked = false;
    toast(`This browser cannot keep the session (${error?.name ?? "no storage"}).`);
  }
}

export async function restore() {
  if (sessionStorage.getItem("dysfw-keep") !== "yes") return;
  byId("keep").checked = true;
  try {
    const kept = await withStore("readonly", (store) => store.get(tab));
    if (!kept) return;
    change(null, { mode: kept.mode, signs: kept.signs, age: kept.age, sex: kept.sex, name: kept.name });
    for (const { file, face } of kept.files) add([file], face);
  } catch { /* the browser has removed it */ }
}

// Remove what tabs left behind that were closed long ago.
async function removeOld() {
  const names = await indexedDB.databases?.();
  if (names && !names.some((one) => one.name === NAME)) return;
  const kept = await withStore("readonly", (store) => store.getAll());
  for (const one of kept) if (Date.now() - one.when > DAY) await withStore("readwrite", (store) => store.delete(one.tab));
}

// Of all tabs.
async function wipe() {
  byId("keep").checked = false;
  sessionStorage.clear();
  await withStore("readwrite", (store) => store.clear());
}

byId("keep").addEventListener("change", async () => {
  if (isOn()) {
    sessionStorage.setItem("dysfw-tab", tab);
    sessionStorage.setItem("dysfw-keep", "yes");
    await write();
  } else {
    sessionStorage.clear();
    await withStore("readwrite", (store) => store.delete(tab));
  }
});
byId("wipe").addEventListener("click", async () => {
  await wipe();
  reset();
  toast("Wiped: this page, and what this browser keeps for all tabs.");
});
onChange(() => { clearTimeout(timer); timer = setTimeout(write, WAIT); });
window.addEventListener("beforeunload", (event) => { if (!isOn() && !isEmpty()) event.preventDefault(); });
removeOld().catch(() => { /* no storage in this browser */ });
