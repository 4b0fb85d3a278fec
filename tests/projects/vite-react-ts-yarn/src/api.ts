const base: string = import.meta.env.VITE_API_URL
const weeks = Number(import.meta.env.VITE_MAX_WEEKS ?? 4)

export async function shifts(week: number): Promise<{ id: number; person: string }[]> {
  if (week > weeks) return []
  const response = await fetch(`${base}/api/shifts?week=${week}`)
  return response.json()
}
