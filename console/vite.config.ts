import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/**
 * The console as static files below public/console/. Nothing is written into the page itself, neither script, style
 * nor picture, so that its Content-Security-Policy allows files of this service alone.
 */
export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  plugins: [react()],
  build: {
    outDir: '../public/console',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
    manifest: 'manifest.json',
  },
})
