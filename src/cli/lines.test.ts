import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { readLines } from './lines.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('lines', () => {
  it('answer the question that was asked, and go to the listener otherwise', async () => {
    const input = new PassThrough()
    const told: string[] = []
    const heard: string[] = []
    const lines = readLines(input, true, (q) => told.push(q))
    lines.onLine((line) => heard.push(line))
    const answer = lines.ask('Name?')
    input.write('anna\nhttps://x\n\n')
    assert.equal(await answer, 'anna')
    await turn()
    assert.deepEqual([told, heard], [['Name?'], ['https://x']])
    lines.close()
  })

  it('typed ahead are kept for whoever asks or listens next', async () => {
    const input = new PassThrough()
    const lines = readLines(input, true, () => {})
    input.write('yes\nno\nlater\n')
    await turn()
    assert.deepEqual([await lines.ask('1'), await lines.ask('2')], ['yes', 'no'])
    const heard: string[] = []
    lines.onLine((line) => heard.push(line))
    assert.deepEqual(heard, ['later'])
    lines.close()
  })

  it('that end answer nothing, and nobody is asked where nobody is', async () => {
    const input = new PassThrough()
    const lines = readLines(input, true, () => {})
    const open = lines.ask('?')
    input.end()
    assert.equal(await open, undefined)
    assert.equal(await lines.ask('?'), undefined)
    const told: string[] = []
    const alone = readLines(new PassThrough(), false, (q) => told.push(q))
    assert.equal(await alone.ask('?'), undefined)
    assert.deepEqual(told, [])
    alone.close()
  })
})
