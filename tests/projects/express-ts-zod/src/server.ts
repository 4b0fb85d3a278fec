import express from "express";
import helmet from "helmet";
import { env } from "./env.js";
import { invoices } from "./invoices.js";

const app = express();
app.use(helmet());
app.use(express.json());
app.use("/invoices", invoices);
app.get("/healthz", (_req, res) => {
  res.send("ok");
});

app.listen(env.PORT, "0.0.0.0", () => {
  console.log(`invoices on :${env.PORT}`);
});
