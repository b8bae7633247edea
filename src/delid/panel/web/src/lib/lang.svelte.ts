import { m } from "$messages/messages.js";
import { overwriteGetLocale } from "$messages/runtime.js";

export { m };
export type Language = "en" | "zh";
export const LANGUAGES: Record<Language, string> = { en: "English", zh: "中文" };

const KEY = "delid.language";

function first(): Language {
  const kept = localStorage.getItem(KEY);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** The language of the page; whatever shows a message follows it at once. */
class Lang {
  code = $state<Language>(first());

  set(code: Language): void {
    this.code = code;
    localStorage.setItem(KEY, code);
    this.tell();
  }

  /** For screen readers, hyphenation and fonts. */
  tell(): void {
    document.documentElement.lang = this.code === "zh" ? "zh-CN" : "en";
  }
}

export const lang = new Lang();
overwriteGetLocale(() => lang.code);

const table = m as unknown as Record<string, (() => string) | undefined>;

/** The message `kind_word`, or the word itself where the page has none for it. */
export function say(kind: string, word: string | null | undefined): string {
  if (!word) return "";
  return table[`${kind}_${word}`]?.() ?? word.replaceAll("_", " ");
}
