type Event = { at: number; run: () => void }

/** Simulated time: runs what is due, in order, and lets promises settle in between. */
export class Clock {
  now = 0
  readonly #queue: Event[] = []

  at(at: number, run: () => void): void {
    this.#queue.push({ at, run })
    this.#rise(this.#queue.length - 1)
  }

  after(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.at(this.now + delayMs, resolve)
    })
  }

  /** How requests wait in this time. */
  readonly waiting = {
    within: <Value>(answer: Promise<Value>, ms: number): Promise<Value> =>
      Promise.race([
        answer,
        this.after(ms).then(() => {
          throw new Error('too late')
        }),
      ]),
    afterwards: () => undefined,
  }

  async run(): Promise<void> {
    for (let event = this.#take(); event; event = this.#take()) {
      this.now = event.at
      event.run()
      // What the event set going runs up to its next delay before time moves on.
      for (let turn = 0; turn < 24; turn++) await Promise.resolve()
    }
  }

  #take(): Event | undefined {
    const [first] = this.#queue
    const last = this.#queue.pop()
    if (first !== undefined && last !== undefined && this.#queue.length > 0) {
      this.#queue[0] = last
      this.#sink()
    }
    return first
  }

  #rise(from: number): void {
    for (let index = from; index > 0;) {
      const parent = (index - 1) >> 1
      if (!this.#swapIfEarlier(index, parent)) return
      index = parent
    }
  }

  #sink(): void {
    for (let index = 0; ;) {
      const left = 2 * index + 1
      const right = left + 1
      const isRightEarlier = (this.#queue[right]?.at ?? Infinity) < (this.#queue[left]?.at ?? Infinity)
      const child = isRightEarlier ? right : left
      if (child >= this.#queue.length || !this.#swapIfEarlier(child, index)) return
      index = child
    }
  }

  #swapIfEarlier(child: number, parent: number): boolean {
    const [low, high] = [this.#queue[child], this.#queue[parent]]
    if (low === undefined || high === undefined || low.at >= high.at) return false
    this.#queue[child] = high
    this.#queue[parent] = low
    return true
  }
}
