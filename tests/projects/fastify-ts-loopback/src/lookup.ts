import Redis from 'ioredis'

const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://localhost:6379')
const upstream = process.env.GEOCODER_UPSTREAM!

export async function lookup(q: string): Promise<unknown> {
  const key = `geo:${q.toLowerCase()}`
  const kept = await redis.get(key)
  if (kept) return JSON.parse(kept)
  const response = await fetch(`${upstream}?text=${encodeURIComponent(q)}`)
  const found = await response.json()
  await redis.set(key, JSON.stringify(found), 'EX', 86400)
  return found
}
