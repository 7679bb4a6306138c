import { queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import type { Schema } from './schema.ts'

/** The schema of a policy as the service itself checks it, out of its own description. */
export const schemaQuery = queryOptions({
  queryKey: ['schema'],
  staleTime: Infinity,
  queryFn: async ({ signal }) => {
    const document = await call<{ components: { schemas: { PolicyRequest: Schema } } }>(
      'GET',
      '/docs/openapi.json',
      {
        signal,
      },
    )
    return document.components.schemas.PolicyRequest
  },
})
