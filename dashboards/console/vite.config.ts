import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Development: `node dashboards/console/dev/look.ts` serves the API from memory, `npx vite dashboards/console` the sources in front of it. */
const api = 'http://127.0.0.1:8480'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  server: {
    proxy: { '/api': { target: api, changeOrigin: true, headers: { origin: api } } },
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    manifest: true,
    // Nothing inline: the CSP allows no data: URI and no inline script.
    assetsInlineLimit: 0,
    target: 'es2023',
    reportCompressedSize: false,
  },
})
