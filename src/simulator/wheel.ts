/**
 * One timer for all paced streams. Thousands of streams that each wait a few milliseconds would keep as many timers;
 * here they share a slot a millisecond and one timer for the earliest slot.
 */
export class Wheel {
  private slots = new Map<number, (() => void)[]>()
  private due: number[] = []
  private timer: NodeJS.Timeout | undefined
  private armed = Number.POSITIVE_INFINITY

  /** Call back after `ms`. */
  after(ms: number, callback: () => void): void {
    const at = Math.ceil(performance.now() + ms)
    const slot = this.slots.get(at)
    if (slot) {
      slot.push(callback)
      return
    }
    this.slots.set(at, [callback])
    let i = this.due.length
    while (i > 0 && this.due[i - 1]! > at) i--
    this.due.splice(i, 0, at)
    if (at < this.armed) this.arm()
  }

  /** Resolve after `ms`. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** Drop everything that waits. */
  stop(): void {
    clearTimeout(this.timer)
    this.slots.clear()
    this.due = []
    this.armed = Number.POSITIVE_INFINITY
  }

  private arm(): void {
    clearTimeout(this.timer)
    const next = this.due[0]
    this.armed = next ?? Number.POSITIVE_INFINITY
    if (next === undefined) return
    this.timer = setTimeout(() => this.fire(), Math.max(0, next - performance.now()))
  }

  private fire(): void {
    const now = performance.now()
    while (this.due.length && this.due[0]! <= now) {
      const at = this.due.shift()!
      const slot = this.slots.get(at) ?? []
      this.slots.delete(at)
      for (const callback of slot) callback()
    }
    this.arm()
  }
}
