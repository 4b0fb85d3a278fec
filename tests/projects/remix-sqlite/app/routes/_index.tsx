import { json, type ActionFunctionArgs } from "@remix-run/node";
import { Form, useLoaderData } from "@remix-run/react";
import { db } from "~/db.server";

export async function loader() {
  return json(db.prepare("select * from hike order by id desc").all() as { id: number; name: string; km: number }[]);
}

export async function action({ request }: ActionFunctionArgs) {
  const form = await request.formData();
  db.prepare("insert into hike (name, km) values (?, ?)").run(form.get("name"), Number(form.get("km")));
  return null;
}

export default function Index() {
  const hikes = useLoaderData<typeof loader>();
  return (
    <Form method="post">
      <input name="name" /><input name="km" type="number" />
      <button>Add</button>
      <ul>{hikes.map((hike) => <li key={hike.id}>{hike.name} {hike.km} km</li>)}</ul>
    </Form>
  );
}
