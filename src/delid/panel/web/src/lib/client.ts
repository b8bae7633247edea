// The client of the panel's API. Paths, parameters, bodies and answers have the types of docs/openapi.json.
import type { components, paths } from "$api";
import { m } from "./lang.svelte";
import { pin } from "./pin.svelte";
import type { Failure } from "./types";

export type Schemas = components["schemas"];
export type Reply<T> = { ok: true; data: T } | { ok: false; failure: Failure; status: number };

type Method = "get" | "post" | "put" | "patch" | "delete";
type Call<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;
export type PathsWith<M extends Method> = { [P in keyof paths]: paths[P][M] extends object ? P : never }[keyof paths];
type Json<T> = T extends { content: { "application/json": infer J } } ? J : unknown;
type Answer<C> = C extends { responses: infer R } ? Json<R[keyof R & (200 | 201 | 202)]> : unknown;
type Params<C, K extends string> = C extends { parameters: infer P } ? (K extends keyof P ? NonNullable<P[K]> : never) : never;
type Body<C> = C extends { requestBody?: infer B } ? Json<NonNullable<B>> : never;

export interface Options<C> {
  path?: Params<C, "path">;
  query?: Params<C, "query">;
  body?: Body<C>;
  /** A body that is not JSON, such as a photograph. */
  raw?: Blob;
  deadline_ms?: number;
  /** Do not ask for the PIN where the server wants it. */
  quiet?: boolean;
}

const DEADLINE_MS = 8000;

export const noAnswer = (): Failure => ({ code: "page.no_answer", message: m.no_answer(), hint: m.no_answer_hint() });

/** The address of a call, for links and downloads too. */
export function address(path: string, params: object = {}, query: object = {}): string {
  const named = params as Record<string, string | number>;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(named[name])));
  const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const words = new URLSearchParams(asked.map(([name, value]) => [name, String(value)])).toString();
  return words ? `${filled}?${words}` : filled;
}

/** A name for an act that is used once, so that a request which comes twice is done once. */
export function onceKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function send<T>(method: Method, url: string, options: Options<unknown>): Promise<Reply<T>> {
  const headers: Record<string, string> = {};
  if (method !== "get") headers["Idempotency-Key"] = onceKey();
  const json = options.body === undefined ? null : JSON.stringify(options.body);
  if (json !== null) headers["Content-Type"] = "application/json";
  if (options.raw) headers["Content-Type"] = options.raw.type || "application/octet-stream";
  try {
    const reply = await fetch(url, {
      method: method.toUpperCase(), headers, body: options.raw ?? json,
      signal: AbortSignal.timeout(options.deadline_ms ?? DEADLINE_MS),
    });
    const data = (await reply.json()) as T & { error?: Failure };
    if (reply.ok) return { ok: true, data };
    return { ok: false, status: reply.status, failure: data.error ?? noAnswer() };
  } catch {
    return { ok: false, status: 0, failure: noAnswer() };
  }
}

/** One call; never throws. Where the server wants the PIN first, the page asks for it and tries once more. */
export async function call<M extends Method, P extends PathsWith<M>>(
  method: M, path: P, options: Options<Call<P, M>> = {},
): Promise<Reply<Answer<Call<P, M>>>> {
  type Out = Answer<Call<P, M>>;
  const url = address(path as string, options.path as object | undefined, options.query as object | undefined);
  const first = await send<Out>(method, url, options as Options<unknown>);
  const wantsPin = !first.ok && (first.failure.code === "panel.step_up" || first.failure.code === "panel.locked");
  if (!wantsPin || options.quiet || !(await pin.ask())) return first;
  return send<Out>(method, url, options as Options<unknown>);
}

export const get = <P extends PathsWith<"get">>(path: P, options: Options<Call<P, "get">> = {}) => call("get", path, options);

export const post = <P extends PathsWith<"post">>(path: P, options: Options<Call<P, "post">> = {}) => call("post", path, options);
