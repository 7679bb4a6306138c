/** Countries of Asia that the hint `me` is nearer to than `apac` (ISO 3166-1). */
const MIDDLE_EAST = new Set('AE AM AZ BH GE IL IQ IR JO KW LB OM PS QA SA SY TR YE'.split(' '))
/** Degrees of longitude between the western and the eastern hint of a continent. */
const NORTH_AMERICA_MIDDLE = -100
const EUROPE_MIDDLE = 17

/**
 * Where a caller is, as a hint for placing a Durable Object near it; nothing where Cloudflare does not say.
 * Coarse on purpose: a hint names nine regions of the world.
 */
export function locationHintOf(cf: Partial<IncomingRequestCfProperties> = {}) {
  const { continent, country, longitude } = cf
  const isEastOf = (middle: number) => Number(longitude) > middle
  const hints = {
    AF: 'afr',
    AN: 'oc',
    AS: MIDDLE_EAST.has(country ?? '') ? 'me' : 'apac',
    EU: isEastOf(EUROPE_MIDDLE) ? 'eeur' : 'weur',
    NA: isEastOf(NORTH_AMERICA_MIDDLE) ? 'enam' : 'wnam',
    OC: 'oc',
    SA: 'sam',
  } satisfies Record<ContinentCode, DurableObjectLocationHint>
  return continent && hints[continent]
}
