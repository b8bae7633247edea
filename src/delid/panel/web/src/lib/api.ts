import { T } from "./texts";
import type { Failure } from "./types";

const DEADLINE_MS = 5000;

/** Null when the cell took it, else why not. Needs no live connection. */
async function post(path: string, body: object): Promise<Failure | null> {
  try {
    const reply = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    if (reply.ok) return null;
    const refused = (await reply.json()) as { error?: Failure };
    return refused.error ?? T.noAnswerFromPanel;
  } catch {
    return T.noAnswerFromPanel;
  }
}

export const sendCommand = (command: string) => post("/api/command", { command });

export const sendAnswer = (question_id: string, answer: string) => post("/api/answer", { question_id, answer });

export const sendAcknowledge = (code: string) => post("/api/acknowledge", { code });
