import * as v from 'valibot'
import { named } from './json-schema.ts'
import { text } from './shared-schemas.ts'

/** Problem details (RFC 9457), where no dialect has errors of its own. */
export const problem = named(
  'Problem',
  v.object({
    type: v.literal('about:blank'),
    title: v.string(),
    status: v.pipe(v.number(), v.integer()),
    detail: v.string(),
    errors: v.optional(
      v.pipe(
        v.array(
          v.object({ member: text('The member, by its path.'), problem: text('What is wrong with it.') }),
        ),
        v.maxLength(50),
        v.description('Every member that is wrong, up to 50 of them.'),
      ),
    ),
  }),
)
