import { avatar } from "./avatar";
import { Query } from "./query";

const server = Bun.serve({
  port: Bun.env.PORT ?? 3456,
  hostname: "0.0.0.0",
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === "/health") return new Response("ok");
    if (url.pathname !== "/avatar") return new Response("not found", { status: 404 });
    const query = Query.safeParse(Object.fromEntries(url.searchParams));
    if (!query.success) return Response.json(query.error.flatten(), { status: 400 });
    return new Response(avatar(query.data.name), {
      headers: { "content-type": "image/svg+xml", "cache-control": `max-age=${Bun.env.CACHE_SECONDS ?? "86400"}` },
    });
  },
});

console.log(`listening on ${server.url}`);
