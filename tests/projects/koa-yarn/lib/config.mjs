

export const config = {
  port: process.env.PORT ?? 4567,
  elastic: process.env.ELASTIC_URL ?? 'http://localhost:9200',
  apiKey: process.env.ELASTIC_API_KEY,
  pageSize: Number(process.env.PAGE_SIZE ?? 20),
}
