// What the user entered. It is replaced, never changed, so that each step can be undone.
//
// photos: [{key, face}], in order; face is the index that the user chose, or null. signs: [{id, name, status}].

const EMPTY = Object.freeze({ mode: "one", selected: null, photos: [], signs: [], age: "", sex: "", name: "" });
const MAX_STEPS = 100;
const listeners = [];
const steps = []; // [what was done, the state before it]
let current = EMPTY;

export const state = () => current;
export const isEmpty = () => !current.photos.length && !current.signs.length && !current.age && !current.sex && !current.name;
export const lastStep = () => steps.at(-1)?.[0] ?? null;
export const onChange = (listener) => listeners.push(listener);

function replace(next) {
  const before = current;
  current = Object.freeze(next);
  for (const listener of listeners) listener(current, before);
}

// Change some values. `what` names the step for undo: "Removed a.jpg"; null for a step that is not worth undoing.
export function change(what, values) {
  if (what !== null) {
    steps.push([what, current]);
    if (steps.length > MAX_STEPS) steps.shift();
  }
  replace({ ...current, ...values });
}

export function undo() {
  const step = steps.pop();
  if (step) replace(step[1]);
  return step?.[0] ?? null;
}

// Forget everything, also what undo would bring back.
export function reset() {
  steps.length = 0;
  replace(EMPTY);
}

export const clear = (what) => change(what, EMPTY);

// Photos that undo may still bring back.
export const reachableKeys = () =>
  new Set([current, ...steps.map(([, before]) => before)].flatMap((one) => one.photos.map((photo) => photo.key)));

// The record as the server reads it; null if nothing is known.
export function record({ signs, age, sex, mode } = current) {
  if (mode !== "one") return null;
  const of = (status) => signs.filter((sign) => sign.status === status).map((sign) => sign.id);
  const values = { observed: of("observed"), excluded: of("excluded"), age: age || null, sex: sex || null };
  return values.observed.length || values.excluded.length || age || sex ? values : null;
}
