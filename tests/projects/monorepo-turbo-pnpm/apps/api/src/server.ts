import { db } from '@clubhouse/db'
import fastify from 'fastify'

const app = fastify({ logger: true })

app.get('/healthz', async () => ({ ok: true }))

app.post<{ Body: { name: string; starts: string } }>('/events', async (request, reply) => {
  if (request.headers['x-api-key'] !== process.env.API_KEY) return reply.code(401).send()
  await db.query('insert into event (name, starts) values ($1, $2)', [request.body.name, request.body.starts])
  return reply.code(201).send()
})

await app.listen({ host: '0.0.0.0', port: Number(process.env.PORT ?? 4000) })
