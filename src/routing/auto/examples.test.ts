import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parseConfig } from '../../config/load.ts'
import { providers } from '../../providers/index.ts'
import { createMemoryStore, openStore } from '../../store/index.ts'
import type { Store } from '../../store/store.ts'
import { createExamples, EXAMPLE_KIND, exampleId } from './examples.ts'
import { compileRouter, requestOf } from './index.ts'

const TEXT = 'please look over the numbers of the shop for me'
const ALIKE = 'please look over the numbers of my shop for me, will you'

async function open(store: Store = createMemoryStore()) {
  let at = 1_000
  const changes: number[] = []
  const examples = await createExamples(
    store,
    () => (at += 1),
    () => changes.push(1),
  )
  return { store, examples, changes }
}

describe('labelled examples', () => {
  it('change the next decision of prompts like them, and give it back when they are removed', async () => {
    const { examples, changes } = await open()
    const { config } = parseConfig('')
    const vendors = new Map(providers.map((p) => [p.id, p]))
    const categoryOf = (prompt: string) =>
      compileRouter(config, vendors, examples.list()).classifier({
        protocol: 'openai-chat',
        body: requestOf({ prompt }),
      })!.category
    const before = [TEXT, ALIKE, 'fix the bug in this function'].map(categoryOf)
    assert.deepEqual(before, ['fast', 'fast', 'code'])
    const [stored] = await examples.add([{ text: TEXT, category: 'analysis' }])
    assert.deepEqual([TEXT, ALIKE, 'fix the bug in this function'].map(categoryOf), ['analysis', 'analysis', 'code'])
    assert.equal(await examples.remove([stored!.id]), 1)
    assert.deepEqual([TEXT, ALIKE, 'fix the bug in this function'].map(categoryOf), before)
    assert.equal(changes.length, 2)
  })

  it('of the same text are one: the later label counts', async () => {
    const { examples } = await open()
    await examples.add([{ text: TEXT, category: 'code' }])
    await examples.add([{ text: `  ${TEXT}\n`, category: 'analysis' }])
    assert.deepEqual(
      examples.list().map(({ id, text, category }) => [id, text, category]),
      [[exampleId(TEXT), TEXT, 'analysis']],
    )
  })

  it('are there after a restart, the oldest first, and the list stays the same until something changes', async () => {
    const { store, examples } = await open()
    await examples.add([{ text: 'one', category: 'code' }])
    await examples.add([{ text: 'two', category: 'fast' }])
    const again = await open(store)
    assert.deepEqual(
      again.examples.list().map(({ text }) => text),
      ['one', 'two'],
    )
    assert.equal(again.examples.list(), again.examples.list())
  })

  it('without words, or too many, are refused and nothing of them is stored', async () => {
    const { examples } = await open()
    const one = { text: 'one', category: 'code' }
    await assert.rejects(examples.add([one, { text: ' 🙂 ', category: 'code' }]), /needs words/)
    const many = Array.from({ length: 2_001 }, (_, i) => ({ text: `text ${i}`, category: 'code' }))
    await assert.rejects(examples.add(many), /room for 2000/)
    assert.deepEqual(examples.list(), [])
  })

  it('that cannot be read are left alone', async () => {
    const store = createMemoryStore()
    const rows = ['no json', '{}', '{"text":1,"category":"code"}', '{"text":"good","category":"code"}']
    await store.documents.put(rows.map((value, i) => ({ kind: EXAMPLE_KIND, id: `r${i}`, value, updatedAt: i })))
    const { examples } = await open(store)
    assert.deepEqual(examples.list(), [{ id: 'r3', text: 'good', category: 'code', createdAt: 3 }])
  })

  it('are none while the store does not answer, and that is told', async () => {
    const store = createMemoryStore()
    await store.close()
    const troubles: Error[] = []
    const examples = await createExamples(store, Date.now, undefined, (error) => troubles.push(error))
    assert.deepEqual([examples.list(), troubles.length], [[], 1])
  })

  it('of another process are heeded within a second', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'examples-'))
    const [server, command] = await Promise.all([
      openStore({ engine: 'sqlite', directory }),
      openStore({ engine: 'sqlite', directory }),
    ])
    try {
      let heard: () => void
      const changed = new Promise<void>((resolve) => {
        heard = resolve
      })
      const here = await createExamples(server, Date.now, () => heard())
      const there = await createExamples(command, Date.now)
      await there.add([{ text: TEXT, category: 'analysis' }])
      await changed
      assert.equal(here.list()[0]!.category, 'analysis')
      here.close()
      there.close()
    } finally {
      await server.close()
      await command.close()
      rmSync(directory, { recursive: true })
    }
  })
})
