/** Runs the cases of an SDK driver: prints a line for each, ends with 1 if one fails. */
const [base, key] = process.argv.slice(2)
const expected = new RegExp(process.env.EXPECT || 'PROBE-OK-7319')
const only = new RegExp(process.env.ONLY || '')
let bad = 0

export const BASE = base
export const KEY = key
export const INST = process.env.INST
export const ASK = 'Say the probe word.'
export const ASK_TOOL = 'PROBE-TOOL: what is the weather in Paris?'

export async function test(name, run) {
  if (!only.test(name)) return
  try {
    const said = String(await run())
    const ok = expected.test(said)
    if (!ok) bad += 1
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${said.slice(0, 120)}`)
  } catch (error) {
    bad += 1
    console.log(`FAIL ${name}: ${error?.constructor?.name} ${String(error?.message).slice(0, 400)}`)
  }
}

export const done = () => process.exit(bad === 0 ? 0 : 1)
