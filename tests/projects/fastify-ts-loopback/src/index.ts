import cors from '@fastify/cors'
import Fastify from 'fastify'
import { lookup } from './lookup'

const { LOG_LEVEL = 'info', PORT = '3333' } = process.env

const server = Fastify({ logger: { level: LOG_LEVEL } })
await server.register(cors, { origin: true })

server.get('/health', async () => ({ status: 'ok' }))

server.get<{ Querystring: { q: string } }>('/search', {
  schema: { querystring: { type: 'object', required: ['q'], properties: { q: { type: 'string', minLength: 2 } } } },
}, async (request) => lookup(request.query.q))

try {
  await server.listen({ port: Number(PORT), host: '127.0.0.1' })
} catch (error) {
  server.log.error(error)
  process.exit(1)
}
