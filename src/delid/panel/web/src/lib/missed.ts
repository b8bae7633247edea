import type { Schemas } from "./client";
import { clock, duration } from "./format";
import { m, say } from "./lang.svelte";
import type { CellState } from "./types";
import { cellWords } from "./words";

export type CellEvent = Schemas["EventOut"];

/** A time in which the page heard nothing: what stood before and after, and what the panel remembers of it. */
export interface Gap {
  before: CellState;
  after: CellState;
  from_s: number;
  events: CellEvent[];
}

/** What happened while the page heard nothing, in words. */
export function missed({ before, after, events }: Gap): string[] {
  const told = events.map(inWords).filter((line) => line !== "");
  const steps = after.run === before.run ? after.steps_done - before.steps_done : after.steps_done;
  if (steps > 0) told.push(m.missed_steps({ count: steps }));
  if (!events.length) told.push(...changed(before, after));
  return told.length ? [...new Set(told)] : [m.missed_nothing()];
}

function inWords({ kind, text, data }: CellEvent): string {
  const word = (name: string) => String(data[name] ?? "");
  switch (kind) {
    case "transition":
      return m.missed_state({ from: say("packml", word("from")), to: say("packml", word("to")) });
    case "alarm":
      return word("change") === "raised" ? m.missed_alarm({ code: word("code"), text: cellWords(text.replace(/^\S+: /, "")) }) : "";
    case "question":
      return data["open"] ? m.missed_question() : "";
    case "run":
      return m.missed_run({ run: word("run") });
    case "step":
      return "";
    default:
      return cellWords(text);
  }
}

/** The difference alone, where the panel process was another one. */
function changed(before: CellState, after: CellState): string[] {
  const lines: string[] = [];
  if (after.run !== before.run && after.run) lines.push(m.missed_run({ run: after.run }));
  if (after.packml !== before.packml)
    lines.push(m.missed_state({ from: say("packml", before.packml), to: say("packml", after.packml) }));
  const known = new Set(before.alarms.map((alarm) => alarm.code + alarm.since));
  for (const alarm of after.alarms)
    if (!known.has(alarm.code + alarm.since)) lines.push(m.missed_alarm({ code: alarm.code, text: cellWords(alarm.text) }));
  if (after.question && after.question.id !== before.question?.id) lines.push(m.missed_question());
  return lines;
}

export function gapTitle(gap: Gap): string {
  return m.missed_title({ age: `${clock(gap.from_s)}, ${duration(Math.max(0, gap.after.at - gap.from_s))}` });
}
