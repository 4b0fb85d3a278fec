import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  server: { port: 5200, proxy: { '/api': 'http://localhost:8000' } },
})
