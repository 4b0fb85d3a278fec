import fs from "node:fs";
import path from "node:path";
import matter from "gray-matter";

const dir = path.join(process.cwd(), "concerts");

export function concerts() {
  return fs.readdirSync(dir).map((file) => ({
    slug: file.replace(/\.md$/, ""),
    title: matter(fs.readFileSync(path.join(dir, file), "utf8")).data.title,
  }));
}
