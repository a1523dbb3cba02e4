// Age, sex, and records in files.

import * as api from "./api.js";
import { announce, byId } from "./dom.js";
import { count } from "./format.js";
import { change, onChange, record, state } from "./state.js";

const age = byId("age");
const sex = byId("sex");
const name = byId("patient-name");

function showProblem(text) {
  byId("age-problem").textContent = text;
  byId("age-problem").hidden = !text;
  age.setAttribute("aria-invalid", String(Boolean(text)));
}

age.addEventListener("change", async () => {
  const typed = age.value.trim();
  let text = typed;
  if (typed) {
    try {
      text = (await api.checkRecord({ age: typed })).age_text;
      if (age.value.trim() !== typed) return; // changed meanwhile
      age.value = text;
    } catch (error) {
      if (state().age) change("Removed the age", { age: "" }); // the former age is not this patient's
      age.value = typed;
      showProblem(error.message);
      return;
    }
  }
  showProblem("");
  if (text !== state().age) change(text ? `Age ${text}` : "Removed the age", { age: text });
});

sex.addEventListener("change", () => change(sex.value ? `Sex ${sex.value}` : "Removed the sex", { sex: sex.value }));

name.addEventListener("change", () => change(null, { name: name.value.trim() }));

onChange((now) => {
  if (age.value !== now.age && document.activeElement !== age) age.value = now.age;
  if (now.age && now.age === age.value) showProblem("");
  sex.value = now.sex;
  if (document.activeElement !== name) name.value = now.name;
});

// Fill in what a Phenopacket or another record holds. What was entered before and is not in it stays.
export async function openRecord(file) {
  try {
    const found = await api.readRecord(file);
    const known = new Map(state().signs.map((sign) => [sign.id, sign]));
    for (const status of ["observed", "excluded"]) for (const { id, name } of found[status]) known.set(id, { id, name, status });
    change(`Opened ${file.name}`, { mode: "one", signs: [...known.values()], age: found.age_text || state().age, sex: found.sex || state().sex });
    age.value = state().age;
    const signs = found.observed.length + found.excluded.length;
    announce([`${file.name}: ${count(signs, "sign")} read.`, ...found.problems].join(" "), found.problems.length > 0);
  } catch (error) {
    announce(`${file.name}: ${error.message}`, true);
  }
}

export const isRecord = (file) => /\.(json|ya?ml|pb)$/i.test(file.name);

// Problems of the record as a whole, such as a sign that is both observed and excluded; [] without a record.
export async function problemsOfRecord(signal) {
  const current = record();
  return current ? (await api.checkRecord(current, signal)).problems : [];
}

byId("record-file").addEventListener("change", () => {
  const [file] = byId("record-file").files;
  byId("record-file").value = "";
  if (file) openRecord(file);
});
