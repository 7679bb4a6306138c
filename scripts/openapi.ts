import { buildReference } from './openapi/build.ts'

/** `npm run openapi`: makes the API reference in public/docs/. `npm start`, `npm test` and a deploy do it themselves. */
await buildReference()
