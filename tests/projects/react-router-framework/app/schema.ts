import { pgTable, serial, text } from "drizzle-orm/pg-core";

export const plants = pgTable("plants", {
  id: serial("id").primaryKey(),
  species: text("species").notNull(),
  offeredBy: text("offered_by").notNull(),
});
