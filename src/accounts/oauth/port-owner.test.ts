import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { portOwner } from './port-owner.ts'

describe('who listens on a port', () => {
  it('is found by the socket, in either family', async () => {
    const proc = await mkdtemp(join(tmpdir(), 'lp-proc-'))
    try {
      await mkdir(join(proc, 'net'))
      const line = (port: number, state: string, inode: number) =>
        `   0: 0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1`
      await writeFile(join(proc, 'net/tcp'), ['head', line(1455, '01', 7), line(1455, '0A', 8)].join('\n'))
      await writeFile(join(proc, 'net/tcp6'), ['head', line(1457, '0A', 9)].join('\n'))
      for (const [pid, name, inode] of [
        ['12', 'codex', 8],
        ['13', 'other', 7],
      ] as const) {
        await mkdir(join(proc, pid, 'fd'), { recursive: true })
        await writeFile(join(proc, pid, 'comm'), `${name}\n`)
        await symlink(`socket:[${inode}]`, join(proc, pid, 'fd', '3'))
      }
      assert.equal(await portOwner(1455, proc), 'codex (process 12)')
      // It is there, but nobody we may look at has it.
      assert.equal(await portOwner(1457, proc), undefined)
      assert.equal(await portOwner(80, proc), undefined)
      assert.equal(await portOwner(80, join(proc, 'none')), undefined)
    } finally {
      await rm(proc, { recursive: true, force: true })
    }
  })
})
