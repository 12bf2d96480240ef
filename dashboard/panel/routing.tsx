/** Which model answers "auto", how the next account is chosen, and what the router was taught. */

import { linkTo } from '../lib/views.ts'
import { Head, Section } from '../ui/basic.tsx'
import { Examples } from '../views/router.tsx'
import { PartOfConfig } from './config.tsx'

const KEYS = ['ai-router', 'routing', 'request-retry', 'max-retry-credentials', 'max-retry-interval', 'cooldown']

export function RoutingView() {
  return (
    <>
      <Head
        title="Routing"
        actions={
          <a class="btn" href={linkTo('dashboard', '#/router')}>
            Open the playground
          </a>
        }
      >
        Which model answers “auto” for each kind of work, how the next account is chosen, and what happens after a
        refusal.
      </Head>
      <Section title="Rules">
        <PartOfConfig keys={KEYS} />
      </Section>
      <Examples />
    </>
  )
}
