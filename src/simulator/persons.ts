import { hash } from 'node:crypto'

/** The providers whose subscriptions are stood in for, by the ids people use in configuration. */
export const PROVIDERS = ['claude', 'codex', 'gemini-cli', 'antigravity', 'qwen', 'iflow', 'kimi', 'xai'] as const

/** One of `PROVIDERS`. */
export type ProviderName = (typeof PROVIDERS)[number]

/** How a Google account stands with Code Assist. */
export interface GoogleStanding {
  tier: 'free-tier' | 'standard-tier'
  /** Its project, once onboarded; undefined: `onboardUser` has to make or take one. */
  project?: string
  /** A Google Cloud project of the person's own, which a standard tier without a project must be given. */
  ownProject: string
}

/** Somebody with an account at every vendor. */
export interface Person {
  /** What tests and the consent page call them. */
  name: string
  fullName: string
  email: string
  phone: string
  claude: { organizationType: string; organization: string; rateLimitTier: string }
  codex: { plan: string }
  google: GoogleStanding
  /** The vendor's own id of the account, the same at every login. */
  subject(provider: ProviderName): string
}

/** A UUID that depends on nothing but the parts. */
export function uuidOf(...parts: string[]): string {
  const h = hash('sha256', parts.join('\0'))
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-8${h.slice(17, 20)}-${h.slice(20, 32)}`
}

/** `length` decimal digits that depend on nothing but the parts; never a leading zero. */
export function digitsOf(length: number, ...parts: string[]): string {
  const digits = BigInt(`0x${hash('sha256', parts.join('\0'))}`).toString()
  return digits.slice(0, length)
}

/** Names anyone can have; a name is the seed of everything about its person. */
const NAME = /^[a-z][a-z0-9-]{0,40}$/

const PLANS: Record<string, Pick<Person, 'claude' | 'codex' | 'google'>> = {
  anna: {
    claude: { organizationType: 'claude_max', organization: 'personal', rateLimitTier: 'default_claude_max_5x' },
    codex: { plan: 'plus' },
    google: { tier: 'standard-tier', project: 'anna-code-assist', ownProject: 'anna-own-project' },
  },
  // Ben is new to Code Assist: a first login has to onboard him, and his project is made by Google.
  ben: {
    claude: { organizationType: 'claude_pro', organization: 'personal', rateLimitTier: 'default_claude_ai' },
    codex: { plan: 'pro' },
    google: { tier: 'free-tier', ownProject: 'ben-own-project' },
  },
  // Cleo's licence is her company's: onboarding asks for a Google Cloud project of her own.
  cleo: {
    claude: { organizationType: 'claude_team', organization: 'Cleo & Co', rateLimitTier: 'default_claude_max_5x' },
    codex: { plan: 'business' },
    google: { tier: 'standard-tier', ownProject: 'cleo-own-project' },
  },
}

/** The people shown on consent pages; any other name works as well. */
export const BUILT_IN = Object.keys(PLANS)

/** A person by name: built in, or made up from the name. @throws {Error} if it is no name. */
export function personOf(name: string): Person {
  if (!NAME.test(name)) throw new Error(`no person can be called '${name}': lower-case letters, digits and dashes`)
  const plans = PLANS[name] ?? {
    claude: { organizationType: 'claude_max', organization: 'personal', rateLimitTier: 'default_claude_max_20x' },
    codex: { plan: 'plus' },
    google: { tier: 'standard-tier', project: `${name}-code-assist`, ownProject: `${name}-own-project` },
  }
  const email = `${name}@simulated.example`
  return {
    name,
    fullName: `${name[0]!.toUpperCase()}${name.slice(1)} Simulated`,
    email,
    phone: `+49${digitsOf(10, name, 'phone')}`,
    claude: {
      ...plans.claude,
      organization: plans.claude.organization === 'personal' ? `${email}'s Organization` : plans.claude.organization,
    },
    codex: { ...plans.codex },
    google: { ...plans.google },
    subject: (provider) =>
      provider === 'gemini-cli' || provider === 'antigravity'
        ? digitsOf(21, name, 'google')
        : provider === 'iflow'
          ? digitsOf(12, name, provider)
          : uuidOf(name, provider),
  }
}
