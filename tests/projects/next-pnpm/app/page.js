import { version } from "./version";

export const dynamic = "force-dynamic";

export default function Page() {
  return (
    <main>
      <h1>{process.env.JOURNAL_TITLE ?? "Journal"}</h1>
      <p>{version}</p>
    </main>
  );
}
