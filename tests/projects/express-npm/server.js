const fs = require("node:fs");
const path = require("node:path");
const express = require("express");

const version = fs.readFileSync(path.join(__dirname, "VERSION"), "utf8").trim();
const title = process.env.GUESTBOOK_TITLE || "Guest book";
const port = process.env.PORT || 3000;
const app = express();

app.get("/", (request, response) => {
  response.type("html").send(`<!doctype html><title>${title}</title><h1>${title}</h1><p>${version}</p>`);
});

app.get("/healthz", (request, response) => {
  response.json({ status: "ok", version });
});

const server = app.listen(port, () => console.log(`listening on ${port}`));
process.on("SIGTERM", () => server.close());
