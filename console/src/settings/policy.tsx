import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call, CallError } from '../api/call.ts'
import { useSession } from '../session/session.ts'
import { Button } from '../ui/button.tsx'
import { Fault, Loading, Note } from '../ui/states.tsx'
import { toast } from '../ui/toasts.tsx'
import { Confirm } from '../ui/window.tsx'
import { differences, shown, withValue, type Difference, type Draft } from './draft.ts'
import { PolicyField } from './policy-field.tsx'
import { isOperatorsOwn, wordsFor } from './policy-words.ts'
import { schemaQuery } from './schema-query.ts'
import type { Schema } from './schema.ts'
import { pathOf, tenantQuery, type Tenant } from './tenant.ts'

/** The policy of the tenant: every member with what it does, and what would change before it is saved. */
export function Policy() {
  const { tenant } = useSession()
  const schema = useQuery(schemaQuery)
  // Nobody else's change is to be lost: what is changed here is what was read here.
  const stored = useQuery({
    ...tenantQuery(tenant.id),
    refetchOnWindowFocus: false,
    staleTime: Infinity,
    gcTime: 0,
  })
  const error = schema.error ?? stored.error
  if (error !== null) {
    return <Fault error={error} onRetry={() => void Promise.all([schema.refetch(), stored.refetch()])} />
  }
  if (schema.data === undefined || stored.data === undefined) return <Loading rows={8} />
  return <PolicyForm key={JSON.stringify(stored.data)} schema={schema.data} stored={stored.data} />
}

function PolicyForm({ schema, stored }: { schema: Schema; stored: Tenant }) {
  const [draft, setDraft] = useState<Draft>(stored.policy)
  const [problems, setProblems] = useState<ReadonlyMap<string, string>>(new Map())
  const changes = differences(stored.policy, draft)
  return (
    <form className="stack" onSubmit={(event) => event.preventDefault()}>
      {problems.size > 0 && (
        <Note kind="wrong">
          <ul>
            {[...problems].map(([path, words]) => (
              <li key={path}>
                {wordsFor(path)[0]}: {words}
              </li>
            ))}
          </ul>
        </Note>
      )}
      {Object.entries(schema.properties ?? {}).map(([name, member]) => (
        <Section key={name} name={name} hasHead={member.properties !== undefined}>
          <PolicyField
            path={name}
            schema={member}
            draft={draft}
            problems={problems}
            onValue={(path, value) => setDraft((draft) => withValue(draft, path, value))}
          />
        </Section>
      ))}
      <Save
        stored={stored}
        draft={draft}
        changes={changes}
        onProblems={setProblems}
        onReset={() => setDraft(stored.policy)}
      />
    </form>
  )
}

/** A member of its own says itself what it is. */
function Section({ name, hasHead, children }: { name: string; hasHead: boolean; children: React.ReactNode }) {
  const [label, words] = wordsFor(name)
  return (
    <section className="card" aria-label={label}>
      {(hasHead || isOperatorsOwn(name)) && (
        <div>
          {hasHead && <h2>{label}</h2>}
          {hasHead && words && <p className="hint">{words}</p>}
          {isOperatorsOwn(name) && <p className="hint">Only the operator of the service changes this.</p>}
        </div>
      )}
      {children}
    </section>
  )
}

type SaveProps = {
  stored: Tenant
  draft: Draft
  changes: readonly Difference[]
  onProblems: (problems: ReadonlyMap<string, string>) => void
  onReset: () => void
}

function Save({ stored, draft, changes, onProblems, onReset }: SaveProps) {
  const client = useQueryClient()
  const [isAsked, setAsked] = useState(false)
  const save = async () => {
    onProblems(new Map())
    const now = await call<Tenant>('GET', pathOf(stored.id))
    if (JSON.stringify(now) !== JSON.stringify(stored)) {
      throw new CallError(
        409,
        'Somebody else has changed the policy meanwhile. Load the page again to see it.',
      )
    }
    try {
      await call('PUT', pathOf(stored.id), {
        body: { name: stored.name, hosts: stored.hosts, policy: draft },
      })
    } catch (error) {
      if (error instanceof CallError && error.members.length > 0) {
        onProblems(
          new Map(error.members.map(({ member, problem }) => [member.replace(/^policy\./, ''), problem])),
        )
      }
      throw error
    }
    await client.invalidateQueries({ queryKey: ['tenant'] })
    toast('The policy is saved')
  }
  return (
    <div className="save-bar">
      <p role="status">{changes.length === 0 ? 'Nothing is changed.' : `${changes.length} changed.`}</p>
      <div className="actions">
        <Button disabled={changes.length === 0} onClick={onReset}>
          Undo all
        </Button>
        <Button kind="primary" disabled={changes.length === 0} onClick={() => setAsked(true)}>
          See the changes
        </Button>
      </div>
      <Confirm
        title="Save these changes?"
        action="Save"
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        onConfirm={save}
      >
        <Changes changes={changes} />
      </Confirm>
    </div>
  )
}

function Changes({ changes }: { changes: readonly Difference[] }) {
  return (
    <dl className="changes">
      {changes.map(({ path, before, after }) => (
        <div key={path}>
          <dt>{path}</dt>
          <dd>
            <del>{shown(path, before)}</del> <ins>{shown(path, after)}</ins>
          </dd>
        </div>
      ))}
    </dl>
  )
}
