export type Theme = "day" | "dark";

const KEY = "delid.theme";

function first(): Theme {
  const kept = localStorage.getItem(KEY);
  if (kept === "day" || kept === "dark") return kept;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "day";
}

class Themes {
  now = $state<Theme>(first());

  set(theme: Theme): void {
    this.now = theme;
    localStorage.setItem(KEY, theme);
    this.tell();
  }

  tell(): void {
    document.documentElement.dataset["theme"] = this.now;
  }
}

export const theme = new Themes();
