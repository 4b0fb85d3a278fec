import { createApp } from '../lib/app.mjs'
import { config } from '../lib/config.mjs'

const server = createApp(config).listen(config.port)
process.once('SIGTERM', () => server.close())
