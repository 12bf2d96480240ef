/** What makes a login unguessable: state and PKCE. The chance and the hash are oauth4webapi's. */
import { calculatePKCECodeChallenge, generateRandomCodeVerifier, generateRandomState } from 'oauth4webapi'

export interface Pkce {
  /** RFC 7636: 43 to 128 characters of `[A-Za-z0-9-._~]`. Sent with the exchange alone. */
  verifier: string
  /** base64url of the verifier's SHA-256, without padding (method `S256`). */
  challenge: string
}

/** 256 bits of chance, base64url: names one login and cannot be guessed by a page that wants to slip in its own code. */
export const newState = (): string => generateRandomState()

export async function newPkce(): Promise<Pkce> {
  const verifier = generateRandomCodeVerifier()
  return { verifier, challenge: await calculatePKCECodeChallenge(verifier) }
}
