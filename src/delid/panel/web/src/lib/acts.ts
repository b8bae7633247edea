// What a person asks of the cell. Each answer is an act: taken now, confirmed later.
import { type Reply, type Schemas, post } from "./client";

export type Act = Schemas["Act"];
type Given = Schemas["CommandIn"]["command"];

/** Stop and Hold have ways of their own, that need neither login nor live connection nor PIN. */
export function sendCommand(name: string, held_s?: number): Promise<Reply<Act>> {
  if (name === "Stop") return post("/api/v1/stop", { quiet: true });
  if (name === "Hold") return post("/api/v1/hold", { quiet: true });
  return post("/api/v1/commands", { body: { command: name as Given, held_s: held_s ?? null } });
}

export const sendAnswer = (question: string, answer: string) =>
  post("/api/v1/questions/{question}/answer", { path: { question }, body: { answer } });

export const sendAcknowledge = (code: string) =>
  code === "*" ? post("/api/v1/alarms/acknowledge") : post("/api/v1/alarms/{code}/acknowledge", { path: { code } });

export const sendShelve = (code: string, reason: string, minutes: number) =>
  post("/api/v1/alarms/{code}/shelve", { path: { code }, body: { reason, minutes } });

export const sendUnshelve = (code: string) => post("/api/v1/alarms/{code}/unshelve", { path: { code } });

export const sendMode = (mode: Schemas["ModeIn"]["mode"]) => post("/api/v1/mode", { body: { mode } });
