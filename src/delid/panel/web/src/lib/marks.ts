import type { CellState, FrameMeta, PointPx, Step } from "./types";

export type Mark = "done" | "next" | "todo" | "failed" | "skipped" | "unknown" | "other";
export const MARKS: Mark[] = ["next", "todo", "done", "failed", "skipped", "unknown", "other"];

export interface Bolt {
  id: string;
  kind: string;
  at: PointPx;
  mark: Mark;
  step: Step | null;
  /** 1 for the next one that the tool goes to, null where it will not go. */
  order: number | null;
}

const OF_STATUS: Record<Step["status"], Mark> = {
  todo: "todo", active: "next", done: "done", failed: "failed", skipped: "skipped",
};

/** The step that works on each fastener; the one that names the fewest, where several do. */
function stepOf(steps: Step[]): Map<string, Step> {
  const found = new Map<string, Step>();
  for (const step of steps)
    for (const target of step.targets)
      if ((found.get(target)?.targets.length ?? Infinity) > step.targets.length) found.set(target, step);
  return found;
}

/** Every fastener of the picture with what the plan, and the list of a broken run, say of it. */
export function bolts(meta: FrameMeta, cell: CellState | null): Bolt[] {
  const steps = cell?.plan?.steps ?? [];
  const byTarget = stepOf(steps);
  const left = new Map((cell?.reconciliation?.items ?? []).map((item) => [item.part, item]));
  const ahead = steps.filter((step) => step.targets.length === 1 && (step.status === "active" || step.status === "todo"));
  const order = new Map(ahead.map((step, index) => [step.targets[0] ?? "", index + 1]));
  return (meta.fasteners ?? []).map((found) => {
    const step = byTarget.get(found.id) ?? null;
    const item = left.get(found.id);
    let mark: Mark = step ? OF_STATUS[step.status] : steps.length ? "other" : "todo";
    if (!step && item) mark = item.status === "unknown" && !item.answer ? "unknown" : item.status === "done" ? "done" : "todo";
    if (mark === "todo" && order.get(found.id) === 1) mark = "next";
    return { id: found.id, kind: found.kind, at: found.center_px, mark, step, order: order.get(found.id) ?? null };
  });
}

/** The way of the tool over what is still to do, in its order. */
export function way(all: Bolt[]): PointPx[] {
  return all
    .filter((bolt) => bolt.order !== null)
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map((bolt) => bolt.at);
}

function polygon(x: number, y: number, r: number, corners: number, turn: number): string {
  const points = Array.from({ length: corners }, (_, i) => {
    const angle = turn + (i * 2 * Math.PI) / corners;
    return `${(x + r * Math.cos(angle)).toFixed(1)} ${(y + r * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${points.join("L")}Z`;
}

const circle = (x: number, y: number, r: number) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
const line = (...points: number[]) => points.map((v, i) => (i % 2 ? ` ${v}` : `${i ? "L" : "M"}${v}`)).join("");

const KINDS: Record<string, (x: number, y: number, r: number) => string> = {
  bolt: circle,
  nut: (x, y, r) => polygon(x, y, r, 6, 0),
  stripped: (x, y, r) => polygon(x, y, r * 1.2, 3, -Math.PI / 2),
  empty: (x, y, r) => circle(x, y, r * 0.6),
};

/** A line drawing of one fastener: what it is where it is still to come, else what became of it. */
export function drawing(kind: string, mark: Mark, x: number, y: number, r: number): string {
  const body = (KINDS[kind] ?? circle)(x, y, r);
  switch (mark) {
    case "next":
      return body + polygon(x, y, r * 1.9, 4, 0);
    case "done":
      return circle(x, y, r) + line(x - r * 0.5, y, x - r * 0.1, y + r * 0.4, x + r * 0.55, y - r * 0.45);
    case "failed":
      return polygon(x, y, r * 1.4, 4, Math.PI / 4) + line(x - r * 0.7, y - r * 0.7, x + r * 0.7, y + r * 0.7)
        + line(x - r * 0.7, y + r * 0.7, x + r * 0.7, y - r * 0.7);
    case "skipped":
      return body + line(x - r, y + r, x + r, y - r);
    default:
      return body;
  }
}
