// The cell speaks English. What it says often has a form that can be said in Chinese; the rest is shown as it is.
import { lang } from "./lang.svelte";
import { PATTERNS, WHOLE } from "./words-zh";

const kept = new Map<string, string>();

/** Words of the cell in the language of the page. */
export function cellWords(text: string | null | undefined): string {
  if (!text) return "";
  if (lang.code !== "zh") return text;
  let found = kept.get(text);
  if (found === undefined) {
    if (kept.size > 2000) kept.clear();
    found = inChinese(text);
    kept.set(text, found);
  }
  return found;
}

function inChinese(text: string): string {
  const whole = WHOLE[text];
  if (whole !== undefined) return whole;
  for (const [pattern, words] of PATTERNS) {
    const match = pattern.exec(text);
    if (match) return words.replace(/\$(\d)/g, (_, number: string) => inChinese(match[Number(number)] ?? ""));
  }
  return text;
}
