import { createServer } from 'node:net'
import { UserError } from '../user-error.ts'

const PORT_DEFAULT = 8787

/** @throws {UserError} for what is no port that a server can be reached on. */
export function readPort(text: string | undefined): number {
  const port = text ? Number(text) : PORT_DEFAULT
  if (/^\d*$/.test(text ?? '') && port >= 1 && port <= 65_535) return port
  throw new UserError(
    `PORT must be a whole number from 1 to 65535, not "${text}". Try: PORT=${PORT_DEFAULT + 1} npm start`,
  )
}

/** @throws {UserError} when something answers there already, or the port is not ours to take. */
export async function requireFreePort(port: number): Promise<void> {
  // Both, because `localhost` means either: a stranger on one of them would get half of the requests.
  for (const host of ['127.0.0.1', '::1']) {
    const fault = await listenFault(port, host)
    if (fault === 'EADDRINUSE') {
      throw new UserError(
        `Port ${port} is taken. Stop what runs there, or take another: PORT=${port + 1} npm start`,
      )
    }
    if (fault === 'EACCES') {
      throw new UserError(`Port ${port} needs privileges. Take one from 1024 up: PORT=8787 npm start`)
    }
  }
}

/** Why nothing can listen there, or nothing where it can or the machine has no such address. */
function listenFault(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
