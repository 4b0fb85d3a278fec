import { version } from "../../version";

export const dynamic = "force-dynamic";

export function GET() {
  return Response.json({ status: "ok", version });
}
