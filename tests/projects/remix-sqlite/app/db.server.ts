import Database from "better-sqlite3";

export const db = new Database(process.env.DATABASE_FILE ?? "./dev.db");
db.exec("create table if not exists hike (id integer primary key, name text, km real)");
