import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { LoginError } from './flow.ts'
import { fromParams, readPaste } from './paste.ts'

const word = fc.string({ unit: fc.constantFrom(...'ABCxyz019-._~'), minLength: 1, maxLength: 80 })
const refused = (text: string) =>
  assert.throws(
    () => readPaste(text),
    (error: unknown) =>
      error instanceof LoginError && error.code === 'input' && /Paste the whole address/.test(error.message),
    text,
  )

describe('what is pasted', () => {
  it('may be the full address of the callback', () => {
    fc.assert(
      fc.property(word, word, (code, state) => {
        const url = `http://localhost:1455/auth/callback?code=${code}&scope=a+b&state=${state}#`
        const { code: c, state: s } = readPaste(url)
        assert.deepEqual([c, s], [code, state])
      }),
    )
  })

  it('may be the query alone, with or without its question mark', () => {
    assert.deepEqual(readPaste('?code=a&state=b'), { code: 'a', state: 'b', error: undefined })
    assert.deepEqual(readPaste('state=b&code=a'), { code: 'a', state: 'b', error: undefined })
  })

  it('may be a bare code, which carries no state', () => {
    fc.assert(fc.property(word, (code) => assert.deepEqual(readPaste(code), { code })))
    assert.deepEqual(readPaste('4/0AbCd-_9'), { code: '4/0AbCd-_9' })
  })

  it('may be a bare code copied out of an address, percent-encoded still', () => {
    assert.deepEqual(readPaste('4%2F0AbCd'), { code: '4/0AbCd' })
  })

  it('may be code#state', () => {
    fc.assert(
      fc.property(word, word, (code, state) => assert.deepEqual(readPaste(`${code}#${state}`), { code, state })),
    )
  })

  it('may be broken over lines, quoted, or padded', () => {
    assert.deepEqual(readPaste('  "http://localhost:1/cb?code=a\n  bc&state=x"  '), {
      code: 'abc',
      state: 'x',
      error: undefined,
    })
    assert.deepEqual(readPaste('<https://h/cb?code=a&state=x>'), { code: 'a', state: 'x', error: undefined })
  })

  it('may tell an error of the vendor, made fit for a terminal', () => {
    const landing = readPaste('http://localhost:1/cb?error=access_denied&error_description=no%1b%5b31m%0away&state=x')
    assert.deepEqual(landing, { code: undefined, state: 'x', error: 'access_denied', errorDescription: 'no [31m way' })
  })

  it('is refused when it is cut off, doubled, empty, endless or something else', () => {
    refused('')
    refused('   ')
    refused('abc#')
    refused('#abc')
    refused('a#b#c')
    refused('http://localhost:1455/auth/callback')
    refused('http://localhost:1455/auth/callback?code=abc')
    refused('http://localhost/cb?code=a&code=b&state=c')
    refused('http://localhost/cb?code=a&state=b&state=c')
    refused('https://')
    refused('see <script>alert(1)</script>')
    refused('x'.repeat(9000))
  })

  it('never breaks the reader, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        try {
          const landing = readPaste(text)
          assert.ok(landing.code !== undefined || landing.error !== undefined)
        } catch (error) {
          assert.ok(error instanceof LoginError, String(error))
        }
      }),
    )
  })
})

describe('the parameters of a callback', () => {
  it('need a state, also beside an error', () => {
    assert.throws(() => fromParams(new URLSearchParams('error=access_denied')), LoginError)
    assert.throws(() => fromParams(new URLSearchParams('code=a&state=')), LoginError)
  })
})
