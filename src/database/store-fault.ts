/** One of the service's stores failed or could not be reached. The caller may try again. */
export class StoreFault extends Error {
  override readonly name = 'StoreFault'
}
