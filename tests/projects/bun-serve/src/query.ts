import { z } from "zod";

export const Query = z.object({ name: z.string().min(1).max(80) });
