import { type Act, sendCommand } from "./acts";
import { get, noAnswer } from "./client";
import type { Failure } from "./types";

const POLL_MS = 200;

export type Progress = "sending" | "taken" | "confirmed" | "refused" | "no_answer" | "late" | "other";
const OF_ACT: Record<Act["state"], Progress> = {
  accepted: "taken", confirmed: "confirmed", overtaken: "other", unconfirmed: "late",
};

/** The last command of this page, from the press to the word of the devices. It needs no live connection. */
export class Asked {
  name = $state("");
  progress = $state<Progress>("sending");
  failure = $state.raw<Failure | null>(null);
  words = $state("");
  seconds = $state(0);

  #number = 0;

  async send(name: string, held_s?: number): Promise<void> {
    const number = ++this.#number;
    const began_ms = performance.now();
    this.name = name;
    this.progress = "sending";
    this.failure = null;
    this.words = "";
    this.seconds = 0;
    const reply = await sendCommand(name, held_s);
    if (number !== this.#number) return;
    if (!reply.ok) {
      this.failure = reply.failure;
      this.progress = reply.failure.code === noAnswer().code ? "no_answer" : "refused";
      return;
    }
    let act = reply.data;
    while (number === this.#number) {
      this.seconds = (performance.now() - began_ms) / 1000;
      this.progress = OF_ACT[act.state];
      this.words = act.words;
      if (act.state !== "accepted") return;
      await new Promise((wake) => setTimeout(wake, POLL_MS));
      const next = await get("/api/v1/acts/{act_id}", { path: { act_id: act.id }, quiet: true });
      if (next.ok) act = next.data;
      else if (next.status === 404) return; // another panel process: the state tells what came of it
    }
  }
}
