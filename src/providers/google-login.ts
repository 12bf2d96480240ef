/** What a login to either of Google's two products does alike (domain.md 1.3, 1.6): the sign-in is the same, the API too. */
import type { LoginFlow } from '../accounts/oauth/flow.ts'
import { type CodeAssistSheet, onboard } from '../accounts/oauth/google/onboarding.ts'
import { googleRevoke, googleToken, googleWhoAmI } from '../accounts/oauth/google/sign-in.ts'

/** The token endpoint, who it is, the way to a project, and giving up. @param sheet what differs between the products. */
export function googleLogin(sheet: CodeAssistSheet): Pick<LoginFlow, 'token' | 'identify' | 'prepare' | 'revoke'> {
  return {
    token: googleToken,
    identify: (tokens, _, context) => googleWhoAmI(tokens, context),
    prepare: (tokens, identity, context) => onboard(sheet, tokens, identity, context),
    revoke: googleRevoke,
  }
}
