// The page is a client of the API like any other: it sends photographs, and shows what comes back.
// Photographs are shown from the browser's own memory; the server sends none.

const at = (id) => document.getElementById(id);
const limits = document.body.dataset;
const results = at("results");
const photographs = []; // {file, address, face, maps, place}: place is where its result stands
let asking = 0; // requests under way

function say(words, wrong = false) {
  at("status").textContent = words;
  at("status").classList.toggle("wrong", wrong);
}

function busy(change) {
  asking += change;
  results.setAttribute("aria-busy", String(asking > 0));
}

async function ask(some, fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== "" && value !== null && value !== undefined) form.append(name, String(value));
  }
  for (const one of some) form.append("images", one.file, one.file.name || "pasted");
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch("/v1/predictions", { method: "POST", body: form });
    if (answer.status !== 503 || tries === 5) return answer;
    say("the server is busy; waiting …");
    await new Promise((wake) => setTimeout(wake, 1000 * Number(answer.headers.get("Retry-After") || 2)));
  }
}

async function whyNot(answer) {
  try {
    return (await answer.json()).error.message;
  } catch {
    return `the server answered ${answer.status}`;
  }
}

// The fields of a request about one photograph, or, without one, about the patient.
function fieldsOf(one, format) {
  const why = at("why").value;
  const fields = { format, explain: format !== "phenopacket" && format !== "pdf" ? true : "", why };
  if (format === "pdf") fields.explain = true;
  if (format === "phenopacket") fields.why = "";
  if (one === null) return { ...fields, patient: at("patient").value || "patient" };
  return { ...fields, face: one.face, maps: one.maps && format !== "pdf" && format !== "phenopacket" ? "occlusion" : "" };
}

function place(kind) {
  const section = document.createElement("section");
  section.className = `result ${kind}`;
  return section;
}

function tools(section, one) {
  const bar = at("tools").content.cloneNode(true).firstElementChild;
  if (limits.packets !== "true") bar.querySelector('[data-format="phenopacket"]').remove();
  for (const button of bar.querySelectorAll(".save")) {
    button.setAttribute("aria-label", `download ${button.textContent} of ${one ? one.file.name : "the patient"}`);
    button.addEventListener("click", () => save(one, button));
  }
  if (one === null) {
    for (const name of [".maps", ".remove", ".faces"]) bar.querySelector(name).remove();
  } else {
    const found = Number((section.textContent.match(/face \d+ of (\d+)/) || [0, 1])[1]);
    const chosen = Number((section.textContent.match(/face (\d+) of/) || [0, 1])[1]) - 1;
    const which = bar.querySelector(".which");
    for (let n = 0; n < found; n += 1) which.add(new Option(`${n + 1} of ${found}`, String(n), false, n === chosen));
    bar.querySelector(".faces").hidden = found < 2;
    which.addEventListener("change", () => { one.face = which.value; judge(one); });
    bar.querySelector(".maps").addEventListener("click", () => { one.maps = true; judge(one); });
    bar.querySelector(".maps").setAttribute("aria-label", `heat maps of ${one.file.name}`);
    bar.querySelector(".remove").setAttribute("aria-label", `remove ${one.file.name}`);
    bar.querySelector(".remove").addEventListener("click", () => remove(one));
    if (!section.querySelector(".face")) for (const button of bar.querySelectorAll(".maps, .save")) button.remove();
  }
  section.prepend(bar);
}

function show(section, html, one) {
  section.innerHTML = html; // made by the server, which escapes every name; the policy of this page runs no program in it
  const photograph = section.querySelector("image.photograph");
  if (photograph && one) photograph.setAttribute("href", one.address);
  if (one && one.maps && section.querySelector(".show-heat")) section.querySelector(".show-heat").checked = true;
  tools(section, one);
}

function firstOf(section) {
  const doubt = section.querySelector(".doubt");
  const first = section.querySelector("summary");
  const name = section.querySelector("h2").textContent;
  if (!first) return `${name}: ${doubt ? doubt.textContent : ""}`;
  const said = `${name}: first ${first.querySelector("bdi").textContent}, ${first.querySelector(".probability").textContent}`;
  return doubt ? `${said}; ${doubt.textContent}` : said;
}

async function judge(one) {
  const began = performance.now();
  one.place.classList.add("waiting");
  say(`judging ${one.file.name} …`);
  busy(1);
  try {
    const answer = await ask([one], fieldsOf(one, "html"));
    if (!photographs.includes(one)) return; // removed in the meantime
    if (answer.status === 200 || answer.status === 422) {
      show(one.place, await answer.text(), one);
      say(firstOf(one.place));
      one.place.dataset.milliseconds = String(Math.round(performance.now() - began));
    } else {
      refuse(one, await whyNot(answer));
    }
  } catch {
    refuse(one, "the server does not answer; is it still running?");
  } finally {
    busy(-1);
    one.place.classList.remove("waiting");
  }
}

function refuse(one, words) {
  one.place.replaceChildren();
  const told = document.createElement("p");
  told.className = "problem";
  told.textContent = `${one.file.name}: ${words}`;
  one.place.append(told);
  tools(one.place, one);
  say(told.textContent, true);
}

async function judgeTogether() {
  for (const old of results.querySelectorAll(".together")) old.remove();
  results.classList.toggle("beside", at("together").checked && photographs.length > 1);
  if (!at("together").checked || photographs.length < 2) return;
  const section = place("together waiting");
  results.prepend(section);
  say("judging the patient …");
  busy(1);
  try {
    const answer = await ask(photographs, fieldsOf(null, "html"));
    if (!section.isConnected) return; // asked anew in the meantime
    if (answer.status === 200) {
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      show(section, parsed.querySelector("article").outerHTML, null); // the patient's stands first
      say(firstOf(section));
    } else {
      section.remove();
      say(answer.status === 422 ? "none of the photographs could be judged" : await whyNot(answer), true);
    }
  } catch {
    section.remove();
    say("the server does not answer; is it still running?", true);
  } finally {
    busy(-1);
    section.classList.remove("waiting");
  }
}

async function save(one, button) {
  button.disabled = true;
  try {
    const format = button.dataset.format;
    const answer = await ask(one ? [one] : photographs, fieldsOf(one, format));
    if (answer.status !== 200) {
      say(answer.status === 422 ? "no face was judged" : await whyNot(answer), true);
      return;
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    const stem = one ? one.file.name.replace(/\.[^.]*$/, "") : at("patient").value || "patient";
    link.download = `${stem}.${{ json: "json", phenopacket: "phenopacket.json", pdf: "pdf" }[format]}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    say(`saved ${link.download}`);
  } catch {
    say("the server does not answer; is it still running?", true);
  } finally {
    button.disabled = false;
  }
}

function remove(one) {
  photographs.splice(photographs.indexOf(one), 1);
  one.place.remove();
  URL.revokeObjectURL(one.address);
  say(`${one.file.name} was removed`);
  at("files").focus();
  judgeTogether();
}

async function take(files) {
  const added = [];
  for (const file of files) {
    if (photographs.length >= Number(limits.photographs)) {
      say(`at most ${limits.photographs} photographs at a time; remove some first`, true);
      break;
    }
    if (file.size > Number(limits.upload)) {
      say(`${file.name} is larger than the ${Math.floor(Number(limits.upload) / 2 ** 20)} MiB that this server takes`, true);
      continue;
    }
    const one = { file, address: URL.createObjectURL(file), face: "", maps: false, place: place("single") };
    photographs.push(one);
    results.append(one.place);
    added.push(one);
  }
  for (const one of added) await judge(one);
  if (added.length) await judgeTogether();
}

at("files").addEventListener("change", () => { take([...at("files").files]); at("files").value = ""; });
at("ask").addEventListener("submit", (event) => event.preventDefault());
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => { event.preventDefault(); at("drop").classList.add("over"); });
}
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) at("drop").classList.remove("over"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  at("drop").classList.remove("over");
  take([...event.dataTransfer.files]);
});
document.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  if (files.length) { event.preventDefault(); take(files); }
});
at("together").addEventListener("change", () => { at("naming").hidden = !at("together").checked; judgeTogether(); });
at("patient").addEventListener("change", judgeTogether);
at("why").addEventListener("change", async () => {
  for (const one of [...photographs]) await judge(one);
  await judgeTogether();
});
window.addEventListener("pagehide", () => { for (const one of photographs) URL.revokeObjectURL(one.address); });
