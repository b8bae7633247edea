import type { CellState, Failure, FrameMeta, LiveMessage } from "./types";

const SILENT_MS = 3000; // the server says something at least every second
const RETRY_MS = 1000;
const TICK_MS = 100;

export interface Picture {
  image: ImageBitmap;
  meta: FrameMeta;
}

/** The live channel: the newest state and picture, how old they are, and whether the line stands. */
export class Live {
  state = $state.raw<CellState | null>(null);
  picture = $state.raw<Picture | null>(null);
  gone = $state.raw<Failure | null>(null);
  connected = $state(false);
  everConnected = $state(false);
  now_ms = $state(performance.now());

  #socket: WebSocket | null = null;
  #heard_ms = 0;
  #pending: Extract<LiveMessage, { type: "frame" }> | null = null;
  #stateAt_ms = $state<number | null>(null);
  #capturedAt_ms = $state<number | null>(null);

  /** Age of the state as received, in seconds. */
  get stateAge_s(): number | null {
    return this.#stateAt_ms === null ? null : Math.max(0, (this.now_ms - this.#stateAt_ms) / 1000);
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
    this.#connect();
    const ticking = setInterval(() => this.#tick(), TICK_MS);
    return () => {
      clearInterval(ticking);
      this.#socket?.close();
    };
  }

  #tick(): void {
    this.now_ms = performance.now();
    if (this.connected && this.now_ms - this.#heard_ms > SILENT_MS) this.#lost();
  }

  #connect(): void {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onmessage = (event) => {
      this.#heard_ms = performance.now();
      this.connected = this.everConnected = true;
      if (typeof event.data === "string") this.#take(JSON.parse(event.data) as LiveMessage);
      else void this.#show(new Blob([event.data as ArrayBuffer], { type: "image/jpeg" }));
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost();
    };
  }

  #lost(): void {
    this.connected = false;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    setTimeout(() => this.#connect(), RETRY_MS);
  }

  #take(message: LiveMessage): void {
    if (message.type === "frame") this.#pending = message;
    if (message.type === "state") {
      this.gone = null;
      this.state = message.state;
      this.#stateAt_ms = performance.now();
    }
    if (message.type === "cell_gone") {
      this.gone = message.error;
      this.state ??= message.state;
    }
  }

  async #show(jpeg: Blob): Promise<void> {
    const about = this.#pending;
    if (!about) return;
    const arrived_ms = performance.now();
    try {
      const image = await createImageBitmap(jpeg);
      this.picture?.image.close();
      this.picture = { image, meta: about.meta };
      this.#capturedAt_ms = about.age_s === null ? null : arrived_ms - about.age_s * 1000;
    } catch {
      // A picture that cannot be decoded is not shown; the last one grows old in plain sight.
    }
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send("drawn");
  }
}
