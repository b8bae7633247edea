// Makes what is built from other files: the messages of both languages as functions, the types of the API.
// The results stand in node_modules/.delid, which belongs to nobody's sources.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const WEB = dirname(fileURLToPath(import.meta.url));
const OUT = join(WEB, "node_modules", ".delid");
const API = join(WEB, "..", "..", "..", "..", "docs", "openapi.json");

const PROJECT = {
  baseLocale: "en",
  locales: readdirSync(join(WEB, "messages")).map((name) => name.replace(".json", "")).sort(),
  telemetry: "off",
  modules: ["../@inlang/plugin-message-format/dist/index.js"],
  "plugin.inlang.messageFormat": { pathPattern: "../../messages/{locale}.json" },
};

/** `declarations`: with types, which only the check of types reads. */
export async function generateMessages(declarations = false) {
  const project = join(OUT, "project.inlang");
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, "settings.json"), JSON.stringify(PROJECT));
  // The compiler reports its use to its makers; a build asks nobody but the package registry.
  const ask = globalThis.fetch;
  globalThis.fetch = () => Promise.reject(new Error("the build asks nobody"));
  try {
    const { compile } = await import("@inlang/paraglide-js");
    await compile({
      project,
      outdir: join(OUT, "messages"),
      strategy: ["globalVariable", "baseLocale"],
      outputStructure: "locale-modules",
      emitTsDeclarations: declarations,
      emitReadme: false,
      emitGitIgnore: false,
      emitPrettierIgnore: false,
    });
  } finally {
    globalThis.fetch = ask;
  }
}

export function generateTypes() {
  const tool = join(WEB, "node_modules", "openapi-typescript", "bin", "cli.js");
  const done = spawnSync(process.execPath, [tool, API, "-o", join(OUT, "api.d.ts")], { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`The types of the API cannot be made:\n${done.stdout}${done.stderr}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await generateMessages(true);
  generateTypes();
  process.exit(0); // the compiler leaves its store open
}
