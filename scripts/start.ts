import { buildConsole } from './console/build.ts'
import { banner } from './local/banner.ts'
import { claimHome, type Claim } from './local/claim.ts'
import { ensureDemoTenant, providerPort, readDemoKey } from './local/demo-tenant.ts'
import { DevServer } from './local/dev-server.ts'
import { makePrivate } from './local/home.ts'
import { startProvider, type RunningProvider } from './local/identity-provider.ts'
import { ensureLocalSecrets } from './local/local-secrets.ts'
import { applyMigrations } from './local/migrations.ts'
import { readPort, requireFreePort } from './local/port.ts'
import { buildReference } from './openapi/build.ts'
import { runCommand } from './user-error.ts'

/** `npm start`: makes a working service of a fresh clone, and starts it again as it was. */
await runCommand(async function start() {
  const port = readPort(process.env['PORT'])
  const claim = claimHome(port)
  try {
    await requireFreePort(port)
    makePrivate()
    await serve(port, claim)
  } finally {
    claim.release()
  }
})

async function serve(port: number, claim: Claim): Promise<void> {
  const baseUrl = `http://localhost:${port}`
  console.log('Checking secrets ...')
  const demoKey = readDemoKey()
  const operatorKey = ensureLocalSecrets(baseUrl)
  await buildReference()
  await buildConsole()
  console.log('Applying migrations ...')
  await applyMigrations()
  console.log(`Starting wrangler dev on port ${port} ...`)
  const server = new DevServer(port, claim.noteServer)
  const stopped = stopOnSignal(server)
  let provider: RunningProvider | undefined
  try {
    await server.started(baseUrl)
    console.log('Checking tenant demo ...')
    provider = await startProvider(baseUrl, await providerPort(operatorKey))
    await ensureDemoTenant(operatorKey, demoKey, provider.issuer)
    console.log(banner(baseUrl))
    server.showOutput()
    const code = await server.ended
    if (stopped.isAsked) return
    console.error(`wrangler dev ended by itself with exit code ${code}.`)
    process.exitCode = code === 0 ? 1 : code
  } catch (error) {
    // Whatever failed after a signal failed because of it.
    if (!stopped.isAsked) throw error
  } finally {
    provider?.stop()
    await server.stop()
  }
}

function stopOnSignal(server: DevServer): { isAsked: boolean } {
  const stopped = { isAsked: false }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopped.isAsked) return
      stopped.isAsked = true
      console.log('\nStopping ...')
      void server.stop()
    })
  }
  return stopped
}
