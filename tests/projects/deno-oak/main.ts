import { Application, Router } from "@oak/oak";
import { exportCsv } from "./export.ts";
import { members } from "./members.ts";

const router = new Router();

router
  .get("/members", async (ctx) => {
    ctx.response.body = await members();
  })
  .get("/members.csv", async (ctx) => {
    ctx.response.type = "text/csv";
    ctx.response.body = exportCsv(await members());
  })
  .get("/healthz", (ctx) => {
    ctx.response.body = "ok";
  });

const app = new Application();
app.use(router.routes());
app.use(router.allowedMethods());

const port = Number(Deno.env.get("PORT") ?? "8090");
await app.listen({ port });
