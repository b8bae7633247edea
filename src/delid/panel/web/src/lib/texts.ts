// Every word of the page, in one place, so that another language is another file.

export const T = {
  product: "delid",
  connecting: "Connecting to the panel",
  waitsFor: "Waits for",
  mode: "Mode",
  now: "Now",
  step: (done: number, total: number) => `Step ${Math.min(done + 1, total)} of ${total}`,
  stepsDone: (done: number, total: number) => `${done} of ${total} done`,
  minutes: (seconds: number) => (seconds < 90 ? `about ${Math.round(seconds)} s` : `about ${Math.round(seconds / 60)} min`),

  live: "Live",
  lostTitle: "Live connection lost",
  lostText: "What you see is old. Stop and Hold still work.",
  goneTitle: "The cell process does not answer",
  oldData: "old",
  stateAge: (age: string) => `state ${age} old`,

  camera: "Camera",
  noImage: "No image yet",
  imageAge: (age: string) => `image ${age} old`,
  oldImage: (age: string) => `Old image: ${age}`,
  imageOf: "Camera image with what was found in it",
  legend: {
    bolt: "bolt",
    nut: "nut",
    stripped: "stripped",
    empty: "empty",
    active: "now",
    done: "done",
    failed: "failed",
    skipped: "left out",
  } as Record<string, string>,

  seen: "What the cell sees",
  nothingSeen: "Nothing has been judged yet.",
  pack: "Pack",
  status: { known: "", unknown: "Unknown pack", ambiguous: "Not certain which pack" } as Record<string, string>,
  similarity: (value: string) => `similarity ${value}`,
  nearest: "Nearest",
  agreeing: (agreeing: number, frames: number) => `${agreeing} of ${frames} images agree`,
  hazard: "Hazard",
  hazardMeaning: {
    A: "no damage found",
    B: "damaged, not critical",
    C: "may react dangerously",
  } as Record<string, string>,
  damage: "Damage",
  noDamage: "none found",
  severity: "severity",

  recipes: "Recipes weighed",
  noRecipes: "No recipe has been weighed yet.",
  taken: "taken",
  refused: "not taken",
  refusal: "No recipe may run",

  plan: "Plan",
  noPlan: "There is no plan yet.",
  stepStatus: { todo: "to do", active: "now", done: "done", failed: "failed", skipped: "left out" } as Record<string, string>,

  next: "Next",
  question: "The cell asks",
  about: "About",
  checklist: "Ready to start?",
  checkOk: "ok",
  checkOpen: "open",
  outcome: (word: string) => `The run ended: ${word}`,
  nothingToDo: "Nothing to do now.",
  alarms: "Alarms",
  acknowledge: "Acknowledge",
  acknowledgeAlarm: (code: string) => `Acknowledge ${code}`,
  flood: "More alarms than one person can deal with: see to those that came first.",
  alarmPriority: { critical: "CRITICAL", high: "HIGH", medium: "MEDIUM", low: "LOW" } as Record<string, string>,
  alarmState: {
    unacknowledged: "not acknowledged",
    acknowledged: "acknowledged",
    returned: "gone, not acknowledged",
    latched: "gone",
    shelved: "shelved",
  } as Record<string, string>,
  follows: (code: string) => `after ${code}`,

  readings: "Readings",
  noReadings: "The PLC has sent none.",
  yes: "yes",
  no: "no",

  devices: "Devices",
  deviceNames: { plc: "PLC", motion: "Robot", camera: "Camera" } as Record<string, string>,
  up: "connected",
  down: "not connected",
  positionNotTrusted: "position not known",

  commands: {
    Reset: "Reset",
    Start: "Start",
    Hold: "Hold",
    Unhold: "Unhold",
    Stop: "Stop",
    Clear: "Clear",
  } as Record<string, string>,
  commandHelp: {
    Reset: "Makes the cell ready",
    Start: "Keep pressed",
    Hold: "Pauses the run",
    Unhold: "Goes on",
    Stop: "Ends the run",
    Clear: "After a fault",
  } as Record<string, string>,
  sent: (what: string) => `${what} sent`,
  noAnswerFromPanel: {
    code: "page.no_answer",
    message: "The panel process does not answer.",
    hint: "Check that it runs (delid panel). If the machine must stop now, use the switches at the cell.",
  },
  dismiss: "Close",
};

const TAG_NAMES: Record<string, string> = {
  pack_voltage_v: "voltage",
  pack_temperature_c: "temperature",
  estop_ok: "safety circuit",
  clamp_closed: "clamps closed",
  vacuum_ok: "vacuum reached",
  carried_kg: "carried",
  torque_nm: "last torque",
};

const UNITS: Record<string, string> = {
  v: "V",
  c: "°C",
  ppm: "ppm",
  nm: "Nm",
  mm: "mm",
  kg: "kg",
  s: "s",
  a: "A",
  kpa: "kPa",
  deg: "°",
};

/** "pack_voltage_v" is shown as "pack voltage", with "V" after the number. */
export function tagName(tag: string): { name: string; unit: string } {
  if (tag.endsWith("_ohm_per_v")) return { name: words(tag.slice(0, -"_ohm_per_v".length)), unit: "Ω/V" };
  const cut = tag.lastIndexOf("_");
  const unit = (cut > 0 && UNITS[tag.slice(cut + 1)]) || "";
  return { name: TAG_NAMES[tag] ?? words(unit ? tag.slice(0, cut) : tag), unit };
}

export function words(name: string): string {
  return name.replaceAll("_", " ");
}

export function ageText(age_s: number): string {
  if (age_s < 10) return `${age_s.toFixed(1)} s`;
  if (age_s < 120) return `${Math.round(age_s)} s`;
  return `${Math.round(age_s / 60)} min`;
}

export function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 2 : 1);
}
