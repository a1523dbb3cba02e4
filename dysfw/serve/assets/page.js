// The page uses the API like any other client: it sends images and shows the results. The image below the outlines comes from
// the server too, because a browser may orient an image differently or not support its format.

const byId = (id) => document.getElementById(id);
const limits = document.body.dataset;
const results = byId("results");
const NO_SERVER = "The server does not respond. Is it still running?";
const MAX_TRIES = 6;
const photos = []; // {file, face, maps, section}: section is the element that shows its result
let activeRequests = 0;

function setStatus(text, isError = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("error", isError);
}

function countRequests(change) {
  activeRequests += change;
  results.setAttribute("aria-busy", String(activeRequests > 0));
}

async function postPredictions(selected, fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== "" && value !== null && value !== undefined) form.append(name, String(value));
  }
  for (const photo of selected) form.append("images", photo.file, photo.file.name || "pasted");
  for (let tries = 1; ; tries += 1) {
    const response = await fetch("/v1/predictions", { method: "POST", body: form });
    const retryAfter = response.status === 503 && response.headers.get("Retry-After");
    if (!retryAfter || tries === MAX_TRIES) return response;
    setStatus("The server is busy. Retrying …");
    await new Promise((resolve) => setTimeout(resolve, 1000 * Number(retryAfter)));
  }
}

async function errorMessage(response) {
  try {
    return (await response.json()).error.message;
  } catch {
    return `the server returned status ${response.status}`;
  }
}

// Fields of a request for one photo, or for the patient if photo is null.
function requestFields(photo, format) {
  const isHtml = format === "html";
  const isPhenopacket = format === "phenopacket";
  const fields = { format, explain: isPhenopacket ? "" : true, why: isPhenopacket ? "" : byId("why").value };
  if (photo === null) {
    const faces = photos.map((other) => other.face);
    return { ...fields, patient: byId("patient").value.trim() || "patient", face: faces.some((face) => face !== "") ? faces.join(",") : "" };
  }
  const maps = photo.maps && (isHtml || format === "json") ? "occlusion" : "";
  return { ...fields, face: photo.face, maps, show_image: isHtml ? true : "" };
}

function newSection(kind) {
  const section = document.createElement("section");
  section.className = `result ${kind}`;
  return section;
}

function addTools(section, photo) {
  const bar = byId("tools").content.cloneNode(true).firstElementChild;
  if (limits.phenopackets !== "true") bar.querySelector('[data-format="phenopacket"]').remove();
  for (const button of bar.querySelectorAll(".save")) {
    button.setAttribute("aria-label", `Download ${button.textContent} for ${photo ? photo.file.name : "the patient"}`);
    button.addEventListener("click", () => save(photo, button));
  }
  if (photo === null) {
    for (const name of [".maps", ".remove", ".faces"]) bar.querySelector(name).remove();
  } else {
    const card = section.querySelector("article").dataset;
    const faces = Number(card.found || 0);
    const selected = Number(card.index || 0);
    const which = bar.querySelector(".which");
    for (let n = 0; n < faces; n += 1) which.add(new Option(`${n + 1} of ${faces}`, String(n), false, n === selected));
    bar.querySelector(".faces").hidden = faces < 2;
    which.addEventListener("change", async () => { photo.face = which.value; await predict(photo); await predictPatient(); });
    bar.querySelector(".maps").addEventListener("click", () => { photo.maps = true; predict(photo); });
    bar.querySelector(".maps").setAttribute("aria-label", `Heat maps for ${photo.file.name}`);
    bar.querySelector(".remove").setAttribute("aria-label", `Remove ${photo.file.name}`);
    bar.querySelector(".remove").addEventListener("click", () => remove(photo));
    if (!faces) for (const button of bar.querySelectorAll(".maps, .save")) button.remove();
  }
  section.prepend(bar);
}

function showResult(section, html, photo) {
  const focused = section.contains(document.activeElement) ? document.activeElement.className : null;
  section.innerHTML = html; // from the server, which escapes every name; the page's policy blocks scripts in it
  if (photo && photo.maps && section.querySelector(".show-heat")) section.querySelector(".show-heat").checked = true;
  addTools(section, photo);
  if (focused !== null) (section.querySelector(`.tools .${focused.split(" ")[0] || "none"}`) || results).focus();
}

function showPlaceholder(photo) {
  const text = document.createElement("p");
  text.className = "quiet";
  text.textContent = `${photo.file.name}: waiting …`;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Remove";
  button.setAttribute("aria-label", `Remove ${photo.file.name}`);
  button.addEventListener("click", () => remove(photo));
  photo.section.replaceChildren(text, button);
}

// One sentence about a result, for the status line.
function summary(section) {
  const warning = section.querySelector(".doubt");
  const first = section.querySelector("summary");
  const name = section.querySelector("h2").textContent;
  if (!first) return `${name}: ${warning ? warning.textContent : ""}`;
  const text = `${name}: ${first.querySelector("bdi").textContent} ranks first (${first.querySelector(".probability").textContent})`;
  return warning ? `${text}; ${warning.textContent}` : text;
}

async function predict(photo) {
  const started = performance.now();
  photo.section.classList.add("waiting");
  setStatus(`Processing ${photo.file.name} …`);
  countRequests(1);
  try {
    const response = await postPredictions([photo], requestFields(photo, "html"));
    if (!photos.includes(photo)) return; // removed in the meantime
    if (response.status === 200 || response.status === 422) {
      showResult(photo.section, await response.text(), photo);
      setStatus(summary(photo.section));
      photo.section.dataset.milliseconds = String(Math.round(performance.now() - started));
    } else {
      showError(photo, await errorMessage(response));
    }
  } catch {
    showError(photo, NO_SERVER);
  } finally {
    countRequests(-1);
    photo.section.classList.remove("waiting");
  }
}

function showError(photo, message) {
  showPlaceholder(photo);
  const text = photo.section.querySelector("p");
  text.className = "problem";
  text.textContent = `${photo.file.name}: ${message}`;
  setStatus(text.textContent, true);
}

async function predictPatient() {
  for (const old of results.querySelectorAll(".patient")) old.remove();
  results.classList.toggle("beside", byId("one-patient").checked && photos.length > 1);
  if (!byId("one-patient").checked) return;
  if (photos.length < 2) {
    if (photos.length) setStatus("Add another photo of the patient.");
    return;
  }
  const section = newSection("patient waiting");
  results.prepend(section);
  setStatus("Processing all photos of the patient …");
  countRequests(1);
  try {
    const response = await postPredictions(photos, requestFields(null, "html"));
    if (!section.isConnected) return; // replaced by a newer request
    if (response.status === 200) {
      const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
      showResult(section, parsed.querySelector("article").outerHTML, null); // the patient's card is the first
      setStatus(summary(section));
    } else {
      section.remove();
      setStatus(response.status === 422 ? "No prediction: none of the photos could be used." : await errorMessage(response), true);
    }
  } catch {
    section.remove();
    setStatus(NO_SERVER, true);
  } finally {
    countRequests(-1);
    section.classList.remove("waiting");
  }
}

async function save(photo, button) {
  button.disabled = true;
  try {
    const format = button.dataset.format;
    const response = await postPredictions(photo ? [photo] : photos, requestFields(photo, format));
    if (response.status !== 200) {
      setStatus(response.status === 422 ? "No prediction to save." : await errorMessage(response), true);
      return;
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    const stem = photo ? photo.file.name.replace(/\.[^.]*$/, "") : byId("patient").value || "patient";
    link.download = `${stem}.${{ json: "json", phenopacket: "phenopacket.json", pdf: "pdf" }[format]}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    setStatus(`Saved ${link.download}`);
  } catch {
    setStatus(NO_SERVER, true);
  } finally {
    button.disabled = false;
  }
}

function remove(photo) {
  photos.splice(photos.indexOf(photo), 1);
  photo.section.remove();
  setStatus(`Removed ${photo.file.name}`);
  byId("files").focus();
  predictPatient();
}

async function add(files) {
  const added = [];
  for (const file of files) {
    if (photos.length >= Number(limits.maxImages)) {
      setStatus(`At most ${limits.maxImages} photos at a time. Remove some first.`, true);
      break;
    }
    if (file.size > Number(limits.maxUpload)) {
      setStatus(`${file.name} is too large: this server accepts up to ${Math.floor(Number(limits.maxUpload) / 2 ** 20)} MiB.`, true);
      continue;
    }
    const photo = { file, face: "", maps: false, section: newSection("single") };
    showPlaceholder(photo);
    photos.push(photo);
    results.append(photo.section);
    added.push(photo);
  }
  results.classList.toggle("beside", byId("one-patient").checked && photos.length > 1);
  for (const photo of added) if (photos.includes(photo)) await predict(photo);
  if (added.length) await predictPatient();
}

byId("files").addEventListener("change", () => { add([...byId("files").files]); byId("files").value = ""; });
byId("request").addEventListener("submit", (event) => event.preventDefault());
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => { event.preventDefault(); byId("drop").classList.add("over"); });
}
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) byId("drop").classList.remove("over"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  byId("drop").classList.remove("over");
  add([...event.dataTransfer.files]);
});
document.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  if (files.length) { event.preventDefault(); add(files); }
});
byId("one-patient").addEventListener("change", () => { byId("patient-name").hidden = !byId("one-patient").checked; predictPatient(); });
byId("patient").addEventListener("change", predictPatient);
byId("why").addEventListener("change", async () => {
  for (const photo of [...photos]) await predict(photo);
  await predictPatient();
});
