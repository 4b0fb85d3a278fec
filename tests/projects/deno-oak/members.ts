import mysql from "mysql2/promise";

const url = Deno.env.get("DATABASE_URL");
if (!url) {
  throw new Error("DATABASE_URL is not set");
}
const pool = mysql.createPool(url);

export async function members() {
  const [rows] = await pool.query("select id, name, since from member order by name");
  return rows as { id: number; name: string; since: string }[];
}
