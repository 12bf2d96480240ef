/** A key from a passphrase: argon2id (RFC 9106), with its parameters written beside what it protects. */
import { argon2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import * as z from 'zod'
import { VaultError } from '../vault.ts'

const derive = promisify(argon2)

/**
 * The limits keep a forged header or export from eating the memory of the machine, or its processors for minutes: eight
 * times the memory we use, and 16 passes. Weaker parameters than ours open nothing, because the parameters are bound into
 * the wrapped key.
 */
export const argon2Schema = z.strictObject({
  name: z.literal('argon2id'),
  memoryKiB: z
    .int()
    .min(8)
    .max(512 * 1024),
  passes: z.int().min(1).max(16),
  parallelism: z.int().min(1).max(16),
  /** 16 random bytes, base64. */
  salt: z.base64().length(24),
})

export type Argon2Parameters = z.infer<typeof argon2Schema>

/** 64 MiB, three passes, four lanes: RFC 9106, section 4, second recommendation. 0.2 s on a small machine. */
export const ARGON2_COST = { memoryKiB: 64 * 1024, passes: 3, parallelism: 4 }
export type Argon2Cost = typeof ARGON2_COST

/** Parameters with a new salt. */
export function newArgon2(cost: Argon2Cost = ARGON2_COST): Argon2Parameters {
  return { name: 'argon2id', ...cost, salt: randomBytes(16).toString('base64') }
}

/**
 * 32 bytes, derived off the main thread. The passphrase is taken in Unicode's composed form (NFC), as keyboards differ.
 * @throws {VaultError} `format` for parameters that argon2id does not have.
 */
export async function argon2Key(passphrase: string, parameters: Argon2Parameters): Promise<Buffer> {
  const message = Buffer.from(passphrase.normalize('NFC'))
  try {
    return await derive('argon2id', {
      message,
      nonce: Buffer.from(parameters.salt, 'base64'),
      memory: Math.max(parameters.memoryKiB, 8 * parameters.parallelism),
      passes: parameters.passes,
      parallelism: parameters.parallelism,
      tagLength: 32,
    })
  } catch (error) {
    throw new VaultError('format', `The passphrase cannot be turned into a key: ${(error as Error).message}`)
  } finally {
    message.fill(0)
  }
}
