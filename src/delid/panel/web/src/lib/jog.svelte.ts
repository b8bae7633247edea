import { call, onceKey, post } from "./client";
import type { Failure } from "./types";

const SIGNALS_IN_HOLD = 3; // signals in each dead-man time: two of three may be late
const MOST_UNDER_WAY = 4;

export type Axis = "x" | "y" | "z";
export type Direction = "+" | "-";

/** One finger on one direction. The robot moves while signals go out; whatever ends them, ends it. */
export class Finger {
  axis = $state<Axis | "">("");
  direction = $state<Direction | "">("");
  failure = $state.raw<Failure | null>(null);

  #press = "";
  #timer = 0;
  #underWay = 0;

  get held(): boolean {
    return this.axis !== "";
  }

  /** `channel`: the live channel of this page; when it is cut the server lets go. */
  async press(axis: Axis, direction: Direction, feed_mm_s: number, hold_s: number, channel: string): Promise<void> {
    if (this.held) return;
    const press = onceKey();
    this.#press = press;
    [this.axis, this.direction, this.failure] = [axis, direction, null];
    const body = { press, axis, direction, feed_mm_s, live: channel || null };
    const reply = await post("/api/v1/jog", { body });
    if (this.#press !== press) {
      release(press); // let go before the press arrived: the two may have overtaken each other
      return;
    }
    if (!reply.ok) {
      this.#end(reply.failure);
      return;
    }
    this.#timer = window.setInterval(() => void this.#keep(press), (hold_s / SIGNALS_IN_HOLD) * 1000);
  }

  /** Let go; harmless when nothing is held. */
  letGo(): void {
    if (!this.held) return;
    const press = this.#press;
    this.#end(null);
    release(press);
  }

  async #keep(press: string): Promise<void> {
    if (this.#underWay >= MOST_UNDER_WAY) return;
    this.#underWay += 1;
    const reply = await call("post", "/api/v1/jog/{press}/keep", { path: { press }, quiet: true, deadline_ms: 1000 });
    this.#underWay -= 1;
    if (!reply.ok && this.#press === press) {
      this.#end(reply.failure);
      release(press);
    }
  }

  #end(failure: Failure | null): void {
    clearInterval(this.#timer);
    this.#press = "";
    this.axis = this.direction = "";
    this.failure = failure;
  }
}

/** Also sent while the page is being closed. */
function release(press: string): void {
  void fetch(`/api/v1/jog/${press}/release`, { method: "POST", keepalive: true }).catch(() => undefined);
}
