// The page is a client of the API like any other: it sends photographs, and shows what comes back. The picture under the
// outlines is the server's too: a browser may turn a photograph otherwise than the recipe did, or not know its format.

const at = (id) => document.getElementById(id);
const limits = document.body.dataset;
const results = at("results");
const photographs = []; // {file, face, maps, place}: place is where its result stands
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
    const later = answer.status === 503 && answer.headers.get("Retry-After");
    if (!later || tries === 5) return answer;
    say("the server is busy; waiting …");
    await new Promise((wake) => setTimeout(wake, 1000 * Number(later)));
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
  const shown = format === "html";
  const fields = { format, explain: format === "phenopacket" ? "" : true, why: format === "phenopacket" ? "" : at("why").value };
  if (one === null) {
    const faces = photographs.map((other) => other.face);
    return { ...fields, patient: at("patient").value.trim() || "patient", face: faces.some((face) => face !== "") ? faces.join(",") : "" };
  }
  const maps = one.maps && (shown || format === "json") ? "occlusion" : "";
  return { ...fields, face: one.face, maps, photograph: shown ? true : "" };
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
    const card = section.querySelector("article").dataset;
    const found = Number(card.found || 0);
    const chosen = Number(card.index || 0);
    const which = bar.querySelector(".which");
    for (let n = 0; n < found; n += 1) which.add(new Option(`${n + 1} of ${found}`, String(n), false, n === chosen));
    bar.querySelector(".faces").hidden = found < 2;
    which.addEventListener("change", async () => { one.face = which.value; await judge(one); await judgeTogether(); });
    bar.querySelector(".maps").addEventListener("click", () => { one.maps = true; judge(one); });
    bar.querySelector(".maps").setAttribute("aria-label", `heat maps of ${one.file.name}`);
    bar.querySelector(".remove").setAttribute("aria-label", `remove ${one.file.name}`);
    bar.querySelector(".remove").addEventListener("click", () => remove(one));
    if (!found) for (const button of bar.querySelectorAll(".maps, .save")) button.remove();
  }
  section.prepend(bar);
}

function show(section, html, one) {
  const held = section.contains(document.activeElement) ? document.activeElement.className : null;
  section.innerHTML = html; // made by the server, which escapes every name; the policy of this page runs no program in it
  if (one && one.maps && section.querySelector(".show-heat")) section.querySelector(".show-heat").checked = true;
  tools(section, one);
  if (held !== null) (section.querySelector(`.tools .${held.split(" ")[0] || "none"}`) || results).focus();
}

// What stands in place of a result until it is there.
function wait(one) {
  const told = document.createElement("p");
  told.className = "quiet";
  told.textContent = `${one.file.name}: waiting …`;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Remove";
  button.setAttribute("aria-label", `remove ${one.file.name}`);
  button.addEventListener("click", () => remove(one));
  one.place.replaceChildren(told, button);
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
  wait(one);
  const told = one.place.querySelector("p");
  told.className = "problem";
  told.textContent = `${one.file.name}: ${words}`;
  say(told.textContent, true);
}

async function judgeTogether() {
  for (const old of results.querySelectorAll(".together")) old.remove();
  results.classList.toggle("beside", at("together").checked && photographs.length > 1);
  if (!at("together").checked) return;
  if (photographs.length < 2) {
    if (photographs.length) say("add another photograph of the patient");
    return;
  }
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
    const one = { file, face: "", maps: false, place: place("single") };
    wait(one);
    photographs.push(one);
    results.append(one.place);
    added.push(one);
  }
  results.classList.toggle("beside", at("together").checked && photographs.length > 1);
  for (const one of added) if (photographs.includes(one)) await judge(one);
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
