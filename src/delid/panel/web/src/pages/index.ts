import type { Component } from "svelte";
import type { Live } from "../lib/live.svelte";
import type { Role } from "../lib/session.svelte";
import Alarms from "./Alarms.svelte";
import Operate from "./Operate.svelte";

type Page = Component<{ live: Live; silent_s: number }>;
/** A page that needs nothing takes what it is given as well. */
type AnyPage = Page | Component<Record<string, never>>;

const at_once = (page: AnyPage) => () => page as Page;
const later = (load: () => Promise<{ default: AnyPage }>) => async () => (await load()).default as Page;

/** Every page in the order of the list, the role it takes, and how it is got: what is rarely opened is loaded then. */
export const PAGES: Record<string, { role: Role; load: () => Page | Promise<Page> }> = {
  operate: { role: "viewer", load: at_once(Operate) },
  alarms: { role: "viewer", load: at_once(Alarms) },
  runs: { role: "viewer", load: later(() => import("./Runs.svelte")) },
  battery: { role: "viewer", load: later(() => import("./Battery.svelte")) },
  trends: { role: "viewer", load: later(() => import("./Trends.svelte")) },
  diagnostics: { role: "viewer", load: later(() => import("./Diagnostics.svelte")) },
  packs: { role: "engineer", load: later(() => import("./Packs.svelte")) },
  recipes: { role: "engineer", load: later(() => import("./Recipes.svelte")) },
  calibration: { role: "engineer", load: later(() => import("./Calibration.svelte")) },
  manual: { role: "engineer", load: later(() => import("./Manual.svelte")) },
  users: { role: "admin", load: later(() => import("./Users.svelte")) },
};
