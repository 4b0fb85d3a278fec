const rss = require("@11ty/eleventy-plugin-rss");
const { DateTime } = require("luxon");

module.exports = (config) => {
  config.addPlugin(rss);
  config.addPassthroughCopy({ "src/css": "css" });
  config.addFilter("day", (date) => DateTime.fromJSDate(date).toISODate());
  if (process.env.ELEVENTY_ENV === "production") {
    config.addGlobalData("drafts", false);
  }
  return { dir: { input: "src", output: "public" } };
};
