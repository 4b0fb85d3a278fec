import { readFileSync } from "node:fs";
import { join } from "node:path";

export const version = readFileSync(join(process.cwd(), "VERSION"), "utf8").trim();
