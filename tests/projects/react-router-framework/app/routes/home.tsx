import { plants } from "../schema";
import { db } from "../db.server";
import type { Route } from "./+types/home";

export async function loader() {
  return { plants: await db.select().from(plants) };
}

export default function Home({ loaderData }: Route.ComponentProps) {
  return <ul>{loaderData.plants.map((plant) => <li key={plant.id}>{plant.species}</li>)}</ul>;
}
