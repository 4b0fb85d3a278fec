import { prisma } from '@/lib/prisma'

export const dynamic = 'force-dynamic'

export default async function Page() {
  const stalls = await prisma.stall.findMany({ orderBy: { name: 'asc' } })
  return (
    <ul>
      {stalls.map((stall) => (
        <li key={stall.id}>{stall.name}</li>
      ))}
    </ul>
  )
}
