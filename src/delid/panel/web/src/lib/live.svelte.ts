import type { CellEvent, Gap } from "./missed";
import { session } from "./session.svelte";
import type { CellState, Failure, FrameMeta, LiveMessage } from "./types";

const SILENT_MS = 3000; // the server says something at least every second
const RETRY_MS = 1000;
const TICK_MS = 100;
const WORTH_TELLING_S = 1;
const CATCHING_UP_MS = 1500;
const LOG_IN_AGAIN = 4401;

export interface Picture {
  image: ImageBitmap;
  meta: FrameMeta;
}

/** The live channel: the newest state and picture, how old they are, and whether the line stands. */
export class Live {
  state = $state.raw<CellState | null>(null);
  picture = $state.raw<Picture | null>(null);
  gone = $state.raw<Failure | null>(null);
  /** What the page did not hear while the line was cut, until a person has seen it. */
  gap = $state.raw<Gap | null>(null);
  connected = $state(false);
  everConnected = $state(false);
  now_ms = $state(performance.now());

  #socket: WebSocket | null = null;
  #heard_ms = 0;
  #pending: Extract<LiveMessage, { type: "frame" }> | null = null;
  #stateAt_ms = $state<number | null>(null);
  #capturedAt_ms = $state<number | null>(null);
  #lastBefore: CellState | null = null;
  #series = "";
  #otherPanel = false;
  #event = 0;
  #bridged_ms = -Infinity;
  #ended = false;

  /** The number of the live channel, to which a jog of this page is tied. */
  channel = "";

  /** Age of the state as received, in seconds. */
  get stateAge_s(): number | null {
    return this.#stateAt_ms === null ? null : Math.max(0, (this.now_ms - this.#stateAt_ms) / 1000);
  }

  /** When the state came, in milliseconds of this page. */
  get stateAt_ms(): number | null {
    return this.#stateAt_ms;
  }

  /** Age of the picture since the camera took it, in seconds; the server gives the start, so clocks need not agree. */
  get pictureAge_s(): number | null {
    return this.#capturedAt_ms === null ? null : Math.max(0, (this.now_ms - this.#capturedAt_ms) / 1000);
  }

  /** What is shown may no longer be true. */
  get old(): boolean {
    return !this.connected || this.gone !== null;
  }

  start(): () => void {
    this.#ended = false;
    this.#connect();
    const ticking = setInterval(() => this.#tick(), TICK_MS);
    return () => {
      this.#ended = true;
      clearInterval(ticking);
      this.#socket?.close();
    };
  }

  #tick(): void {
    this.now_ms = performance.now();
    if (this.connected && this.now_ms - this.#heard_ms > SILENT_MS) this.#lost();
  }

  #connect(): void {
    const since = this.#series ? `?series=${this.#series}&after=${this.#event}` : "";
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/live${since}`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onmessage = (event) => {
      this.#heard_ms = performance.now();
      this.connected = this.everConnected = true;
      if (typeof event.data === "string") this.#take(JSON.parse(event.data) as LiveMessage);
      else void this.#show(new Blob([event.data as ArrayBuffer], { type: "image/jpeg" }));
    };
    socket.onclose = (event) => {
      if (event.code === LOG_IN_AGAIN) void session.refresh();
      if (this.#socket === socket) this.#lost();
    };
  }

  #lost(): void {
    this.connected = false;
    this.#lastBefore ??= this.state;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.channel = "";
    if (!this.#ended) setTimeout(() => this.#ended || this.#connect(), RETRY_MS);
  }

  #take(message: LiveMessage): void {
    if (message.type === "frame") this.#pending = message;
    if (message.type === "hello") {
      if (message.series !== this.#series) {
        this.#otherPanel ||= this.#series !== "";
        this.#event = message.last;
      }
      [this.#series, this.channel] = [message.series, message.live];
    }
    if (message.type === "event") this.#happened(message.event);
    if (message.type === "state") {
      this.gone = null;
      this.#bridge(message.state);
      this.state = message.state;
      this.#stateAt_ms = performance.now();
    }
    if (message.type === "cell_gone") {
      this.gone = message.error;
      this.state ??= message.state;
      this.#lastBefore ??= this.state;
    }
  }

  /**
   * The first state after a silence: keep what lies between, also over several cuts that nobody has looked at.
   * A panel that began anew does not know what happened before it, so that even a short silence is told.
   */
  #bridge(after: CellState): void {
    const before = this.gap?.before ?? this.#lastBefore;
    const from_s = this.gap?.from_s ?? before?.at ?? 0;
    if (this.#lastBefore && before && (this.#otherPanel || after.at - from_s > WORTH_TELLING_S)) {
      this.gap = { before, after, from_s, events: this.gap?.events ?? [] };
      this.#bridged_ms = performance.now();
    }
    this.#lastBefore = null;
    this.#otherPanel = false;
  }

  /** Events that come right after a silence are of the time in between. */
  #happened(event: CellEvent): void {
    this.#event = event.seq;
    const gap = this.gap;
    if (gap && performance.now() - this.#bridged_ms < CATCHING_UP_MS && event.at <= gap.after.at)
      this.gap = { ...gap, events: [...gap.events, event] };
  }

  async #show(jpeg: Blob): Promise<void> {
    const about = this.#pending;
    if (!about) return;
    const arrived_ms = performance.now();
    try {
      const image = await createImageBitmap(jpeg);
      const last = this.picture;
      this.picture = { image, meta: about.meta };
      last?.image.close();
      this.#capturedAt_ms = about.age_s === null ? null : arrived_ms - about.age_s * 1000;
    } catch {
      // A picture that cannot be decoded is not shown; the last one grows old in plain sight.
    }
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send("drawn");
  }
}

export const live = new Live();
