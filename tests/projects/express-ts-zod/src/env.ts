import "dotenv/config";
import { z } from "zod";

const schema = z.object({
  DATABASE_URL: z.string().url(),
  SESSION_SECRET: z.string().min(32),
  VAT_RATE: z.coerce.number().default(0.25),
  PORT: z.coerce.number().default(4100),
});

export const env = schema.parse(process.env);
