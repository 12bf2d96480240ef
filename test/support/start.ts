/** A simulator and a gateway before it, each on a free port. */
import { type CallRecord, createGateway, type RunningGateway } from '../../src/index.ts'
import { createSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/index.ts'

type GatewayOptions = Parameters<typeof createGateway>[0]

export interface StartOptions extends Omit<GatewayOptions, 'config'> {
  simulator?: SimulatorOptions
}

/** What `start` gives. `await using` closes it. */
export interface Running extends AsyncDisposable {
  readonly simulator: Simulator
  readonly gateway: RunningGateway
  /** Base URL of the gateway, without a slash at its end. */
  readonly url: string
  /** Every call that is over, in the order of their ends. */
  readonly calls: CallRecord[]
  close(): Promise<void>
}

/** The client key of the gateways made here. */
export const CLIENT_KEY = 'client-key-1234567890'

/**
 * Starts both.
 * @param config what the config file would say, or a function that makes it from the simulator's URL. The port is free,
 *   the client key `CLIENT_KEY` and the rounds of retries 0, unless it says otherwise.
 */
export async function start(
  config: Record<string, unknown> | ((simulatorUrl: string) => Record<string, unknown>),
  { simulator: simulatorOptions, ...options }: StartOptions = {},
): Promise<Running> {
  const simulator = await createSimulator(simulatorOptions)
  const said = typeof config === 'function' ? config(simulator.url) : config
  const gateway = await createGateway({
    ...options,
    config: { port: 0, 'api-keys': [CLIENT_KEY], 'request-retry': 0, ...said },
  })
  const calls: CallRecord[] = []
  gateway.on('end', (record) => calls.push(record))
  const { url } = await gateway.listen()
  const close = async () => {
    await gateway.close({ drainMs: 0 })
    await simulator.close()
  }
  return { simulator, gateway, url, calls, close, [Symbol.asyncDispose]: close }
}

/** Waits until a condition holds; for what happens on the other side of a socket. */
export async function until(holds: () => boolean, ms = 2_000): Promise<number> {
  const from = performance.now()
  while (!holds()) {
    if (performance.now() - from > ms) throw new Error(`not so after ${ms} ms: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return performance.now() - from
}

/** A clock that stands still until it is moved. */
export class Clock {
  ms = Date.now()
  readonly now = (): number => this.ms
  /** Moves on. */
  pass(seconds: number): void {
    this.ms += seconds * 1000
  }
}
