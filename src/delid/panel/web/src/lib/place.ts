// Where in a YAML text the cursor stands: the path from the top, and whether a key or a value is being written there.
import type { Path } from "./schema";

interface Frame {
  kind: "map" | "list";
  /** Column at which its content stands; -1 inside { } and [ ]. */
  indent: number;
  key: string;
  values: Record<string, string>;
}

export interface Place {
  path: Path;
  /** The key whose value is being written; empty while a key is. */
  key: string;
  /** Plain values of the keys before it, for each object on the path. */
  beside: (depth: number) => Record<string, string>;
}

const KEY = /^("[^"]*"|[\w-]+):(?=\s|$)/;

/** `text` ends at the cursor. */
export function placeAt(text: string): Place {
  const stack: Frame[] = [frame("map", 0)];
  const lines = text.split("\n");
  lines.forEach((line, index) => {
    const last = index === lines.length - 1;
    if (inFlow(stack)) scanFlow(stack, line);
    else if (last || (line.trim() && !line.trim().startsWith("#"))) scanLine(stack, line, last);
  });
  return placeOf(stack);
}

function frame(kind: Frame["kind"], indent: number): Frame {
  return { kind, indent, key: "", values: {} };
}

const top = (stack: Frame[]) => stack[stack.length - 1] as Frame;
const inFlow = (stack: Frame[]) => top(stack).indent < 0;

function scanLine(stack: Frame[], line: string, last: boolean): void {
  let column = line.length - line.trimStart().length;
  let rest = line.trimStart();
  while (rest === "-" || rest.startsWith("- ")) {
    while (stack.length > 1 && (top(stack).indent > column || (top(stack).indent === column && top(stack).kind === "map" && !top(stack).key))) stack.pop();
    if (top(stack).kind !== "list" || top(stack).indent !== column) stack.push(frame("list", column));
    const inner = rest.slice(1).trimStart();
    column += rest.length - inner.length;
    rest = inner;
    // The item is an object of its own, also where its first key is still to come.
    stack.push(frame("map", column));
  }
  while (stack.length > 1 && top(stack).indent > column) stack.pop();
  if (top(stack).kind === "list" && top(stack).indent === column) stack.pop();
  const key = KEY.exec(rest);
  if (top(stack).indent < column) stack.push(frame("map", column));
  if (!key) {
    if (last && /^[\w-]*$/.test(rest)) top(stack).key = "";
    else scanFlow(stack, rest);
    return;
  }
  const here = top(stack);
  here.key = (key[1] ?? "").replaceAll('"', "");
  const value = rest.slice(key[0].length).trim();
  if (/^[\w.-]+$/.test(value)) here.values[here.key] = value;
  scanFlow(stack, value);
}

/** Brackets, keys and values of { a: 1, b: [c] }; text outside of brackets is passed over. */
function scanFlow(stack: Frame[], text: string): void {
  for (const [word] of text.matchAll(/"[^"]*"|'[^']*'|#.*|[{}[\],]|[\w.-]+:(?=\s|$)|[\w.-]+/g)) {
    const here = top(stack);
    if (word === "{" || word === "[") stack.push(frame(word === "{" ? "map" : "list", -1));
    else if (here.indent >= 0) continue;
    else if (word === "}" || word === "]") stack.pop();
    else if (word === ",") here.key = "";
    else if (here.kind === "map" && word.endsWith(":")) here.key = word.slice(0, -1);
    else if (here.kind === "map" && here.key) here.values[here.key] = word;
  }
}

function placeOf(stack: Frame[]): Place {
  const path: Path = [];
  const values = new Map<number, Record<string, string>>();
  stack.forEach((one, index) => {
    const isLast = index === stack.length - 1;
    if (one.kind === "map") values.set(path.length, one.values);
    if (one.kind === "list") path.push("[]");
    else if (!isLast) path.push(one.key);
  });
  const last = top(stack);
  return { path, key: last.kind === "map" ? last.key : "", beside: (depth) => values.get(depth) ?? {} };
}
