export default defineEventHandler(async (event) => {
  const { catalogueToken } = useRuntimeConfig(event)
  const { q } = getQuery(event)
  return await $fetch<{ id: string; title: string }[]>('https://catalogue.example.org/search', {
    query: { q },
    headers: { authorization: `Bearer ${catalogueToken}` },
  })
})
