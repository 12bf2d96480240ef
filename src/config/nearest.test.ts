import assert from 'node:assert/strict'
import { test } from 'node:test'
import { editDistance, nearest } from './nearest.ts'

test('counts inserts, deletes, replacements and swaps as one edit each', () => {
  assert.equal(editDistance('port', 'port'), 0)
  assert.equal(editDistance('prt', 'port'), 1)
  assert.equal(editDistance('prot', 'port'), 1)
  assert.equal(editDistance('sort', 'port'), 1)
  assert.equal(editDistance('', 'port'), 4)
})

test('names the nearest word and whether it is near', () => {
  assert.deepEqual(nearest('Proxy_URL', ['port', 'proxy-url']), { word: 'proxy-url', near: true })
  assert.equal(nearest('elephant', ['port'])?.near, false)
  assert.equal(nearest('a', []), undefined)
})
