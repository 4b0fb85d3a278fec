export default defineNuxtConfig({
  compatibilityDate: '2024-10-01',
  modules: ['@pinia/nuxt', '@nuxtjs/i18n'],
  runtimeConfig: {
    catalogueToken: process.env.CATALOGUE_TOKEN,
    public: {
      apiBase: process.env.NUXT_PUBLIC_API_BASE ?? '/api',
    },
  },
})
