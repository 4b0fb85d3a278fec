import { Client } from '@elastic/elasticsearch'
import Router from '@koa/router'
import Koa from 'koa'
import bodyParser from 'koa-bodyparser'

export function createApp(config) {
  const elastic = new Client({ node: config.elastic, auth: { apiKey: config.apiKey } })
  const router = new Router()

  router.get('/_health', (ctx) => {
    ctx.body = { ok: true }
  })

  router.get('/episodes', async (ctx) => {
    const found = await elastic.search({ index: 'episodes', size: config.pageSize, q: ctx.query.q })
    ctx.body = found.hits.hits.map((hit) => hit._source)
  })

  router.post('/episodes', async (ctx) => {
    await elastic.index({ index: 'episodes', document: ctx.request.body })
    ctx.status = 201
  })

  return new Koa().use(bodyParser()).use(router.routes()).use(router.allowedMethods())
}
