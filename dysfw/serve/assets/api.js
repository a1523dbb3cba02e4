// Requests to the server. Each error has a message for people, and a code.

export class ApiError extends Error {
  constructor(message, code, ids = []) {
    super(message);
    this.code = code;
    this.ids = ids; // of images that must be sent again
  }
}

const MAX_TRIES = 8;
const NO_SERVER = "The server does not respond. Is it still running?";
const wait = (seconds, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, 1000 * seconds);
  signal?.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
});

async function send(path, options) {
  for (let tries = 1; ; tries += 1) {
    let response;
    try {
      response = await fetch(path, options);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError(NO_SERVER, "no_server");
    }
    if (response.ok || response.status === 422) return response;
    const retryAfter = response.status === 503 && response.headers.get("Retry-After");
    if (retryAfter && tries < MAX_TRIES) {
      await wait(Number(retryAfter), options.signal);
      continue;
    }
    if (response.status === 401) throw new ApiError("The server was started again and needs its new address. Open the address that it printed.", "no_token");
    let problem = { message: `the server answered with status ${response.status}`, code: "fault" };
    try {
      problem = (await response.json()).error;
    } catch (error) {
      if (error.name === "AbortError") throw error;
    } // without JSON, the status says enough
    throw new ApiError(problem.message, problem.code, problem.ids);
  }
}

const post = (path, body, signal) =>
  send(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });
const json = async (response) => (await response).json();

export const bundle = () => json(send("/v1/bundle", {}));
export const terms = (text, signal) => json(send(`/v1/terms?limit=12&q=${encodeURIComponent(text)}`, { signal }));
export const checkRecord = (record, signal) => json(post("/v1/records", record, signal));
export const readRecord = (file) => json(send("/v1/records", { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file }));
export const predict = (request, signal) => json(post("/v1/predictions", request, signal));
export const predictFile = async (request) => (await post("/v1/predictions", request)).blob();
export const compare = (condition, record, signal) => json(post("/v1/comparisons", { condition, record }, signal));
export const rank = (request, signal) => json(post("/v1/rankings", request, signal));
export const faces = (condition, query, signal) => json(send(`/v1/conditions/${encodeURIComponent(condition)}/faces${query}`, { signal }));
export const blob = async (path) => (await send(path, {})).blob();

export const heatMap = (image, face, region, condition, signal) =>
  json(send(`/v1/images/${image}/maps/${face}/${encodeURIComponent(region)}?condition=${encodeURIComponent(condition)}`, { signal }));

export async function keepImage(file, signal) {
  const form = new FormData();
  form.append("images", file, file.name || "pasted");
  return (await json(send("/v1/images", { method: "POST", body: form, signal }))).images[0];
}

// Works while the page closes, too.
export function forget(ids) {
  if (ids.length) navigator.sendBeacon("/v1/images/forget", JSON.stringify({ ids }));
}
