import { fetchFile } from '../../hooks/fetch-file.ts'
import { InvalidMembers } from '../../http/problem.ts'
import { isRecord } from '../../record.ts'
import { LOGO_BYTES_MAX, logoFault, logoOfFile } from '../../tenants/logo.ts'
import type { Policy } from '../../tenants/policy.ts'

/**
 * The logo that a policy names by its URL alone, fetched now, so that no page loads it from elsewhere. It is held to
 * what a logo is held to that comes with the policy.
 *
 * @throws {InvalidMembers} 400 where there is none, or it is none.
 */
export async function fetchedLogo({ pages }: Policy, isLocalRun: boolean): Promise<string | undefined> {
  if (pages === 'off' || pages.logoUrl === undefined || pages.logo !== undefined) return undefined
  const file = await fetchFile(pages.logoUrl, LOGO_BYTES_MAX, isLocalRun)
  if (file.tag === 'failed') throw unusable(file.why)
  const logo = logoOfFile(file.bytes)
  if (logo === undefined) throw unusable('leads to a file that is neither PNG nor SVG')
  const fault = logoFault(logo)
  if (fault !== undefined) throw unusable(`leads to a file that ${fault}`)
  return logo
}

/** The policy with the logo that was fetched for it. */
export function withLogo<Shown>(policy: Shown, logo: string | undefined): Shown {
  if (logo === undefined || !isRecord(policy) || !isRecord(policy['pages'])) return policy
  return { ...policy, pages: { ...policy['pages'], logo } }
}

function unusable(problem: string): InvalidMembers {
  return new InvalidMembers([{ member: 'policy.pages.logoUrl', problem }])
}
