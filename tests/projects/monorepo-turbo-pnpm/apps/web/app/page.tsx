import { db } from '@clubhouse/db'

export const dynamic = 'force-dynamic'

export default async function Page() {
  const { rows } = await db.query('select name from event order by starts')
  return (
    <main>
      <h1>{process.env.NEXT_PUBLIC_CLUB_NAME}</h1>
      <ul>{rows.map((row) => <li key={row.name}>{row.name}</li>)}</ul>
    </main>
  )
}
