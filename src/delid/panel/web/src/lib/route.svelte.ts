// The address after the # names the page and what it shows: #/runs/2026-11-22-0007.

class Route {
  parts = $state.raw<string[]>(read());

  get page(): string {
    return this.parts[0] || "operate";
  }

  /** What the page shows, such as a run or a recipe. */
  get item(): string {
    return this.parts.slice(1).join("/");
  }

  start(): () => void {
    const follow = () => (this.parts = read());
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }
}

function read(): string[] {
  return location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
}

export const route = new Route();

/** The address of a page, for links. */
export function href(page: string, item = ""): string {
  return `#/${page}${item ? `/${item.split("/").map(encodeURIComponent).join("/")}` : ""}`;
}

export function go(page: string, item = ""): void {
  location.hash = href(page, item);
}
