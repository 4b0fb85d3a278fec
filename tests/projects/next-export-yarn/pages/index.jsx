import Link from "next/link";
import { concerts } from "../lib/concerts";

export default function Home({ list }) {
  return (
    <main data-analytics={process.env.NEXT_PUBLIC_ANALYTICS_ID}>
      <h1>Concerts</h1>
      {list.map((concert) => (
        <Link key={concert.slug} href={`/concerts/${concert.slug}`}>{concert.title}</Link>
      ))}
    </main>
  );
}

export const getStaticProps = () => ({ props: { list: concerts() } });
