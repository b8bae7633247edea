import { type Reply, type Schemas, get } from "./client";
import type { Failure } from "./types";

const POLL_MS = 700;

export type Job = Schemas["JobOut"];

/** Longer work on the server, from its start to its result. */
export class Work {
  job = $state.raw<Job | null>(null);
  failure = $state.raw<Failure | null>(null);

  get running(): boolean {
    return this.job?.state === "running";
  }

  async run(started: Promise<Reply<Job>>): Promise<Job | null> {
    this.job = null;
    const first = await started;
    this.failure = first.ok ? null : first.failure;
    if (!first.ok) return null;
    this.job = first.data;
    while (this.job?.state === "running") {
      await new Promise((wake) => setTimeout(wake, POLL_MS));
      const next: Reply<Job> = await get("/api/v1/jobs/{job}", { path: { job: first.data.id }, quiet: true });
      if (next.ok) this.job = next.data;
      else if (next.status === 404) {
        this.failure = next.failure;
        return null;
      }
    }
    return this.job;
  }
}
