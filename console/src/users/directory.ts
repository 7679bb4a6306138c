import { queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

/** Users as the directory keeps them (SCIM), whom super-admins add and change. */

export type Fields = {
  address: string
  userName: string
  givenName: string
  familyName: string
  displayName: string
  language: string
  /** Where a caller can be sent a code to show who they are: never a code for the account. */
  home: string
  mobile: string
}

export const NO_FIELDS: Fields = {
  address: '',
  userName: '',
  givenName: '',
  familyName: '',
  displayName: '',
  language: '',
  home: '',
  mobile: '',
}

type Typed = { value: string; type?: string; primary?: boolean }

type Resource = {
  id: string
  userName: string
  displayName?: string
  name?: { givenName?: string; familyName?: string }
  emails?: Typed[]
  phoneNumbers?: Typed[]
  preferredLanguage?: string
  meta: { version?: string }
}

const SCIM = 'application/scim+json'
const PATHS: Record<keyof Fields, string> = {
  address: 'emails[type eq "work"].value',
  userName: 'userName',
  givenName: 'name.givenName',
  familyName: 'name.familyName',
  displayName: 'displayName',
  language: 'preferredLanguage',
  home: 'emails[type eq "home"].value',
  mobile: 'phoneNumbers[type eq "mobile"].value',
}

export type DirectoryUser = { fields: Fields; version: string | undefined }

export function directoryQuery(id: string) {
  return queryOptions({
    queryKey: ['directory', id],
    staleTime: 0,
    gcTime: 0,
    queryFn: async ({ signal }): Promise<DirectoryUser> => {
      const resource = await call<Resource>('GET', pathOf(id), { signal })
      return { fields: fieldsOf(resource), version: resource.meta.version }
    },
  })
}

function fieldsOf({
  userName,
  displayName = '',
  name = {},
  preferredLanguage = '',
  ...rest
}: Resource): Fields {
  const { emails = [], phoneNumbers = [] } = rest
  const home = emails.find(({ type }) => type === 'home')
  const work = emails.find(({ primary }) => primary) ?? emails.find((each) => each !== home)
  return {
    address: work?.value ?? userName,
    userName,
    givenName: name.givenName ?? '',
    familyName: name.familyName ?? '',
    displayName,
    language: preferredLanguage,
    home: home?.value ?? '',
    mobile: phoneNumbers.find(({ type }) => type === 'mobile')?.value ?? '',
  }
}

/** Changes what differs, if nobody else has changed the user meanwhile. */
export async function changeUser(
  id: string,
  { fields: before, version }: DirectoryUser,
  after: Fields,
): Promise<void> {
  const names = Object.keys(PATHS) as (keyof Fields)[]
  const changed = names.filter((name) => before[name] !== after[name].trim())
  if (changed.length === 0) return
  const operations = changed.map((name) => {
    const value = after[name].trim()
    return value === '' ? { op: 'remove', path: PATHS[name] } : { op: 'replace', path: PATHS[name], value }
  })
  const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations }
  await call('PATCH', pathOf(id), { body, type: SCIM, ...(version !== undefined && { ifMatch: version }) })
}

/** @returns the id of the user who was added. */
export async function addUser(fields: Fields): Promise<string> {
  const text = (value: string) => value.trim() || undefined
  const { address, userName, givenName, familyName, displayName, language, home, mobile } = fields
  const body = {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: text(userName) ?? text(address),
    emails: [
      { value: text(address), type: 'work', primary: true },
      ...(text(home) ? [{ value: home.trim(), type: 'home' }] : []),
    ],
    ...(text(mobile) && { phoneNumbers: [{ value: mobile.trim(), type: 'mobile' }] }),
    displayName: text(displayName),
    preferredLanguage: text(language),
    ...((text(givenName) ?? text(familyName)) && {
      name: { givenName: text(givenName), familyName: text(familyName) },
    }),
  }
  const { id } = await call<{ id: string }>('POST', '/scim/v2/Users', {
    body,
    type: SCIM,
    idempotencyKey: crypto.randomUUID(),
  })
  return id
}

function pathOf(id: string): string {
  return `/scim/v2/Users/${encodeURIComponent(id)}`
}
