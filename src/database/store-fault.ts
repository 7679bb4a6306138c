/** A store of ours that failed or could not be reached: the caller may try again. */
export class StoreFault extends Error {
  override readonly name = 'StoreFault'
}
