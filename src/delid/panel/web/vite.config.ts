import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [svelte()],
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
      "/api": { target: "http://127.0.0.1:8480", changeOrigin: true },
      "/ws": { target: "ws://127.0.0.1:8480", ws: true },
    },
  },
});
