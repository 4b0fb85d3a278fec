import { readFileSync } from "node:fs";
import { defineConfig } from "vite";

const version = readFileSync(new URL("./VERSION", import.meta.url), "utf8").trim();

export default defineConfig({
  esbuild: { jsx: "automatic" },
  plugins: [{ name: "release", transformIndexHtml: (html) => html.replace("%RELEASE%", version) }],
});
