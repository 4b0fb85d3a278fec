import { createHmac, timingSafeEqual } from 'node:crypto'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { logger } from 'hono/logger'
import { publish } from './queue.js'

const secret = process.env.WEBHOOK_SECRET
if (!secret) throw new Error('WEBHOOK_SECRET is missing')

const app = new Hono()
app.use(logger())

app.get('/healthz', (c) => c.text('ok'))

app.post('/hooks/:source', async (c) => {
  const body = await c.req.text()
  const wanted = createHmac('sha256', secret).update(body).digest()
  const told = Buffer.from(c.req.header('x-signature') ?? '', 'hex')
  if (told.length !== wanted.length || !timingSafeEqual(told, wanted)) return c.json({ error: 'signature' }, 401)
  await publish(c.req.param('source'), body)
  return c.body(null, 202)
})

serve({ fetch: app.fetch, port: 8787 }, (info) => {
  console.log(`relay on ${info.port}`)
})
