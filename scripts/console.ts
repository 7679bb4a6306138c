import { buildConsole } from './console/build.ts'

/** `npm run console`: builds the console into public/console/, when it is stale. `npm start`, `npm test` and a deploy do it themselves. */
await buildConsole()
