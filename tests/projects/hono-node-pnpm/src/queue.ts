import amqp from 'amqplib'

const connection = await amqp.connect(process.env.AMQP_URL || 'amqp://localhost')
const channel = await connection.createChannel()
await channel.assertExchange('hooks', 'topic')

export async function publish(source: string, body: string) {
  channel.publish('hooks', source, Buffer.from(body), { persistent: true })
}
