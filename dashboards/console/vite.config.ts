import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Only `vite` in development: the API from memory, so that every screen can be looked at without a platform. */
const mockApi = (): Plugin => ({
  name: 'wardwatch-mock-api',
  apply: 'serve',
  configureServer: async (server) => {
    const { createMockApi } = await import('./dev/mock-api.ts')
    const mock = createMockApi()
    server.middlewares.use((request, response, next) => {
      if (!mock.handle(request, response)) next()
    })
  },
})

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react(), mockApi()],
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
