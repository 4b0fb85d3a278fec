import { stringify } from "@std/csv";

export const exportCsv = (rows: Record<string, unknown>[]) =>
  stringify(rows, { columns: ["id", "name", "since"], separator: Deno.env.get("CSV_SEPARATOR") ?? ";" });
