import type { Schemas } from "./client";

// What the cell says of itself. Units are in the names; times are seconds.

export interface Check {
  name: string;
  ok: boolean;
  why?: string;
}

export interface Question {
  id: string;
  text: string;
  answers: string[];
  step: string | null;
  target: string | null;
  reasons: string[];
}

export interface Damage {
  kind: string;
  confidence: number;
  severity: number;
}

export interface Assessment {
  pack: {
    status: "known" | "unknown" | "ambiguous";
    model: string | null;
    confidence: number;
    candidates: { model: string; score: number }[];
  };
  damage: Damage[];
  hazard_class: "A" | "B" | "C";
  hazard_reasons: string[];
  frames: number;
  agreeing: number;
  unclear?: Damage[];
  fasteners?: { id: string; kind: string; confidence: number; uncertainty_mm?: number | null }[];
  codes?: { text: string; symbology: string; standard: string | null; decoded: Record<string, string> | null }[];
  code_status?: { outcome: string; reasons: string[] };
}

export interface Candidate {
  recipe: string;
  accepted: boolean;
  reasons: string[];
}

export type StepStatus = "todo" | "active" | "done" | "failed" | "skipped";

export interface Step {
  key: string;
  title: string;
  do: string;
  targets: string[];
  status: StepStatus;
  detail?: string;
  estimate_s?: number;
}

export interface Plan {
  recipe: string;
  pack: string | null;
  hazard_class: string;
  estimate_s: number;
  steps: Step[];
}

export interface Device {
  up: boolean;
  detail?: string;
  age_s: number | null;
  state?: string;
  pose_mm?: [number, number, number] | null;
  position_trusted?: boolean;
}

export interface Alarm {
  code: string;
  text: string;
  since: number;
  priority?: "critical" | "high" | "medium" | "low";
  state?: "unacknowledged" | "acknowledged" | "returned" | "latched" | "shelved";
  todo?: string;
  first_out?: boolean;
  follows?: string;
  count?: number;
  shelved?: { by: string; reason: string; until: number } | null;
}

export type Mode = "production" | "maintenance" | "manual";

export interface CellState {
  cell: string;
  title: string;
  at: number;
  run: string | null;
  mode?: Mode;
  modes?: Mode[];
  packml: string;
  allowed: string[];
  phase: string;
  waiting_for: string;
  reset_checklist: Check[];
  question: Question | null;
  assessment: Assessment | null;
  candidates: Candidate[];
  refusal: string[] | null;
  plan: Plan | null;
  current_step: string | null;
  outcome?: string | null;
  steps_done: number;
  steps_total: number;
  told?: Told | null;
  health?: Health | null;
  alarms: Alarm[];
  alarm_counts?: { unacknowledged: number; total: number; flood: boolean };
  thermal?: string | null;
  reconciliation?: Left | null;
  jog?: Jog | null;
  devices: Record<string, Device>;
  recording?: Recording | null;
  tags: Record<string, number | boolean | string | null>;
  tags_age_s: number | null;
}

/** What the recording of the run could not keep. */
export interface Recording {
  healthy: boolean;
  dropped_frames: number;
  lost_facts: number;
  dropped_traffic: number;
  failure: string;
  waiting: number;
}

/** What people said of the pack. */
export interface Told {
  measured: { voltage_v: number | null; isolation_ohm_per_v: number | null; impedance_mohm: number | null; capacity_ah: number | null; by: string } | null;
  route: Schemas["Route"] | null;
}

/** What follows of the pack's state of health. */
export interface Health {
  state_of_health: number | null;
  sigma: number | null;
  route: Schemas["Route"];
  reasons: string[];
}

export interface LeftItem {
  key: string;
  title: string;
  part: string;
  status: "done" | "unknown" | "todo";
  basis: string;
  answer?: string;
}

/** What a run that broke off left behind. */
export interface Left {
  run: string;
  pack: string | null;
  recipe: string;
  last: string;
  in_flight: string[];
  hanging: string;
  same_pack: boolean | null;
  settled: boolean;
  items: LeftItem[];
}

/** How the robot may be jogged, and the jog under way. */
export interface Jog {
  why_not: string[];
  feed_mm_s: number;
  hold_s: number;
  limits_mm: Record<string, [number, number]>;
  press: string | null;
  by: string | null;
  axis: string | null;
  ending: string;
  ended: string;
}

export type PointPx = [number, number];

export interface FrameMeta {
  camera: string;
  seq: number;
  captured_wall_s: number;
  width: number;
  height: number;
  outline_px?: PointPx[];
  fasteners?: { id: string; center_px: PointPx; kind: string; status: string }[];
  damage?: { kind: string; box_px: [number, number, number, number]; severity: number }[];
}

export interface Failure {
  code: string;
  message: string;
  hint: string;
}

export type LiveMessage =
  | { type: "state"; state: CellState }
  | { type: "cell_gone"; state: CellState | null; error: Failure }
  | { type: "frame"; age_s: number | null; meta: FrameMeta }
  | { type: "hello"; live: string; series: string; last: number; version: string }
  | { type: "event"; event: Schemas["EventOut"] }
  | { type: "act"; act: Schemas["Act"] }
  | { type: "heartbeat" };
