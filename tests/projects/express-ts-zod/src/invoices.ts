import { Router } from "express";
import { z } from "zod";
import { pool } from "./db.js";
import { env } from "./env.js";

const Invoice = z.object({ customer: z.string(), net: z.number().positive() });

export const invoices = Router();

invoices.get("/:id", async (req, res) => {
  const { rows } = await pool.query("select * from invoice where id = $1", [req.params.id]);
  if (rows.length === 0) return res.sendStatus(404);
  res.json(rows[0]);
});

invoices.post("/", async (req, res) => {
  const { customer, net } = Invoice.parse(req.body);
  const vat = net * env.VAT_RATE;
  const { rows } = await pool.query("insert into invoice (customer, net, vat) values ($1, $2, $3) returning id", [customer, net, vat]);
  res.status(201).json(rows[0]);
});
