/** So many at once and no more; those somebody waits for go first. */
export interface Slots {
  /** Resolves when it is one's turn; call what it gives exactly once. */
  take(urgent: boolean): Promise<() => void>
}

export function createSlots(most: number): Slots {
  let free = most
  const urgentOnes: (() => void)[] = []
  const others: (() => void)[] = []

  function give(): void {
    const next = urgentOnes.shift() ?? others.shift()
    if (next === undefined) free++
    else next()
  }

  return {
    async take(urgent) {
      if (free > 0) free--
      else await new Promise<void>((resolve) => (urgent ? urgentOnes : others).push(resolve))
      return give
    },
  }
}
