import * as v from 'valibot'
import { REASON_FORM } from '../../src/codes/reason.ts'
import * as example from './admin-examples.ts'
import { BASE, may, NO_OBJECT, NOT_FOUND } from './admin-shared.ts'
import { answer, json, type Operations } from './operation.ts'

/** The rules of the help desk. All of it is ours. */

const reason = v.pipe(
  v.string(),
  v.minLength(10),
  v.maxLength(500),
  v.description(`In your words: ${REASON_FORM}.`),
)

export const desk: Operations = {
  [`POST ${BASE}/v1/users/:id/unfreeze`]: {
    id: 'unfreezeUser',
    summary: 'Lets codes be issued again for a user who has reported one.',
    description: 'Ours. The reason stays in the audit. Again, it changes nothing.',
    who: may('desk:override'),
    body: json(v.looseObject({ reason }), { reason: 'Spoke with the user in person.' }),
    answers: {
      200: answer('Whether the user was frozen.', v.object({ id: v.string(), wasFrozen: v.boolean() }), {
        id: example.USER.id,
        wasFrozen: true,
      }),
      400: { reason: `reason must be ${REASON_FORM}.`, ...NO_OBJECT },
      ...NOT_FOUND,
    },
  },
}
