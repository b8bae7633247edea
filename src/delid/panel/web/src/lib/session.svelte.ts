import { type Schemas, get, post } from "./client";
import type { Failure } from "./types";

export type Who = Schemas["SessionOut"];
export type Role = Schemas["Role"];

const RANK: Record<Role, number> = { viewer: 0, operator: 1, engineer: 2, admin: 3 };
const REFRESH_MS = 15_000;
const TOUCH_MS = 60_000;

/** Who the panel takes the person for, and what that allows now. */
class Session {
  who = $state.raw<Who | null>(null);

  #touched_ms = 0;

  /** True if what takes `role` can be done now: logged in, not locked, own password chosen. */
  may(role: Role): boolean {
    return this.has(role) && !this.who?.locked;
  }

  /** True if the person has the role, whether or not the panel is locked. */
  has(role: Role): boolean {
    const who = this.who;
    return !!who?.role && !who.must_change && RANK[who.role] >= RANK[role];
  }

  async refresh(): Promise<void> {
    const reply = await get("/api/v1/session", { quiet: true });
    if (reply.ok) this.who = reply.data;
  }

  async logIn(name: string, password: string): Promise<Failure | null> {
    return this.#take(post("/api/v1/session/login", { body: { name, password }, quiet: true }));
  }

  async logOut(): Promise<void> {
    await this.#take(post("/api/v1/session/logout", { quiet: true }));
  }

  async givePin(pin: string): Promise<Failure | null> {
    return this.#take(post("/api/v1/session/step-up", { body: { pin }, quiet: true }));
  }

  async setUp(code: string, name: string, password: string, pin: string): Promise<Failure | null> {
    return this.#take(post("/api/v1/session/set-up", { body: { code, name, password, pin }, quiet: true }));
  }

  async changePassword(old: string, fresh: string, pin: string): Promise<Failure | null> {
    const body = { old, new: fresh, pin: pin || null };
    return this.#take(post("/api/v1/session/password", { body, quiet: true }));
  }

  /** Keep asking, and tell the server that somebody is there when somebody is. */
  start(): () => void {
    void this.refresh();
    const asking = setInterval(() => void this.refresh(), REFRESH_MS);
    const touch = () => this.#touch();
    for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, touch, { passive: true });
    return () => {
      clearInterval(asking);
      for (const kind of ["pointerdown", "keydown"]) window.removeEventListener(kind, touch);
    };
  }

  #touch(): void {
    if (!this.who?.role || this.who.open || this.who.locked || performance.now() - this.#touched_ms < TOUCH_MS) return;
    this.#touched_ms = performance.now();
    void this.#take(post("/api/v1/session/touch", { quiet: true }));
  }

  async #take(asked: Promise<Awaited<ReturnType<typeof post<"/api/v1/session/login">>>>): Promise<Failure | null> {
    const reply = await asked;
    if (reply.ok) this.who = reply.data;
    return reply.ok ? null : reply.failure;
  }
}

export const session = new Session();
