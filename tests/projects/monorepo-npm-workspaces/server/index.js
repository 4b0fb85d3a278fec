'use strict'

const Hapi = require('@hapi/hapi')
const { Kafka } = require('kafkajs')
const { toKilos } = require('@orchard/units')

const kafka = new Kafka({ clientId: 'orchard', brokers: process.env.KAFKA_BROKERS.split(',') })
const producer = kafka.producer()

async function main() {
  await producer.connect()
  const server = Hapi.server({ port: process.env.PORT || 3100, host: '0.0.0.0' })

  server.route({ method: 'GET', path: '/health', handler: () => 'ok' })
  server.route({
    method: 'POST',
    path: '/weights',
    handler: async (request, h) => {
      const value = JSON.stringify({ row: request.payload.row, kilos: toKilos(request.payload) })
      await producer.send({ topic: process.env.WEIGHTS_TOPIC || 'weights', messages: [{ value }] })
      return h.response().code(202)
    },
  })

  await server.start()
}

main()
