// What a JSON Schema allows at a place of a document, for completion. The schema is the server's own.

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema | boolean;
  prefixItems?: Schema[];
  enum?: unknown[];
  const?: unknown;
  type?: string;
  description?: string;
  title?: string;
  required?: string[];
}

/** A step into a document: the name of a key, or "[]" for any item of a list. */
export type Path = string[];

/** The schema without references and choices: every form that it may have. */
function forms(schema: Schema | boolean | undefined, root: Schema, depth = 0): Schema[] {
  if (!schema || typeof schema === "boolean" || depth > 12) return [];
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop() ?? "";
    return forms(root.$defs?.[name], root, depth + 1);
  }
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  return choices ? choices.flatMap((one) => forms(one, root, depth + 1)) : [schema];
}

/** `chosen`: the values of keys that stand beside, such as `do`, which rule out forms that want another one. */
function fitting(found: Schema[], chosen: Record<string, string>): Schema[] {
  const fits = (form: Schema) =>
    Object.entries(chosen).every(([key, value]) => {
      const only = form.properties?.[key]?.const ?? null;
      return only === null || only === value;
    });
  const some = found.filter(fits);
  return some.length ? some : found;
}

/** The forms that stand at `path`; `beside` gives the values of the keys around each object on the way. */
export function at(root: Schema, path: Path, beside: (depth: number) => Record<string, string> = () => ({})): Schema[] {
  let found = fitting(forms(root, root), beside(0));
  path.forEach((name, index) => {
    found = found.flatMap((form) => {
      if (name === "[]") return forms(form.items, root);
      const known = form.properties?.[name];
      return known ? forms(known, root) : forms(form.additionalProperties, root);
    });
    found = fitting(found, beside(index + 1));
  });
  return found;
}

export interface Offer {
  label: string;
  detail: string;
  required: boolean;
}

/** The keys that an object may have here. */
export function keysOf(found: Schema[], root: Schema): Offer[] {
  const offers = new Map<string, Offer>();
  for (const form of found)
    for (const [name, schema] of Object.entries(form.properties ?? {})) {
      const first = forms(schema, root)[0];
      const detail = schema.description ?? first?.description ?? first?.type ?? "";
      offers.set(name, { label: name, detail: detail.split("\n")[0] ?? "", required: form.required?.includes(name) ?? false });
    }
  return [...offers.values()];
}

/** The words that a value may be here. */
export function valuesOf(found: Schema[]): string[] {
  const words = found.flatMap((form) => (form.type === "boolean" ? ["true", "false"] : [...(form.enum ?? []), ...(form.const === undefined ? [] : [form.const])]));
  return [...new Set(words.map(String))];
}
