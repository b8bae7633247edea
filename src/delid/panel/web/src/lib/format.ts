import { m } from "./lang.svelte";

const UNITS: Record<string, string> = {
  v: "V", c: "°C", ppm: "ppm", nm: "Nm", mm: "mm", kg: "kg", s: "s", a: "A", kpa: "kPa", deg: "°", ms: "ms",
};

/** A length of time: exact while it is short. */
export function age(seconds: number): string {
  if (seconds < 10) return m.time_s({ n: seconds.toFixed(1) });
  return duration(seconds);
}

export function duration(seconds: number): string {
  if (seconds < 120) return m.time_s({ n: Math.round(seconds) });
  if (seconds < 7200) return m.time_min({ n: Math.round(seconds / 60) });
  return m.time_h({ n: (seconds / 3600).toFixed(1) });
}

export function number(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 2 : 1);
}

const two = (value: number) => String(value).padStart(2, "0");

/** Local time of day; `seconds` count from 1970 UTC. */
export function clock(seconds: number): string {
  const at = new Date(seconds * 1000);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** Date and time as in every language: 2026-11-22 10:51:07, local. */
export function moment(seconds: number | null | undefined): string {
  if (seconds == null) return "–";
  const at = new Date(seconds * 1000);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(seconds)}`;
}

/** The unit that the name of a tag carries: "pack_voltage_v" is in V. */
export function unitOf(tag: string): string {
  if (tag.endsWith("_ohm_per_v")) return "Ω/V";
  const cut = tag.lastIndexOf("_");
  return (cut > 0 && UNITS[tag.slice(cut + 1)]) || "";
}

export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  const kib = count / 1024;
  return kib < 1024 ? `${kib.toFixed(0)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}
