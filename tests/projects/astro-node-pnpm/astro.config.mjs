// @ts-check
import { defineConfig, envField } from 'astro/config';
import node from '@astrojs/node';

export default defineConfig({
  output: 'server',
  adapter: node({ mode: 'standalone' }),
  server: { port: 4321, host: true },
  env: {
    schema: {
      SMTP_URL: envField.string({ context: 'server', access: 'secret' }),
      ORDER_RECIPIENT: envField.string({ context: 'server', access: 'public', default: 'orders@example.org' }),
    },
  },
});
