import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { generateMessages } from "./generate.mjs";

const messages = { name: "delid-messages", buildStart: () => generateMessages() };

export default defineConfig({
  plugins: [messages, svelte()],
  resolve: { alias: { $messages: fileURLToPath(new URL("./node_modules/.delid/messages", import.meta.url)) } },
  build: {
    outDir: "../static",
    emptyOutDir: true,
    // Inlined assets would need data: addresses, which the server's content policy forbids.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // For work on the page: "npm run dev" shows it with live changes, the panel process answers on its usual port.
  server: {
    host: "127.0.0.1",
    proxy: {
      "/api": { target: "http://127.0.0.1:8480", changeOrigin: true, ws: true },
    },
  },
});
