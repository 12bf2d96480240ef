/** The management API, loaded when it is first asked for: a start pays nothing for pages that nobody looks at. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Management, ManagementContext } from './management/index.ts'

export interface LazyManagement {
  /** Whether a path is answered there. */
  owns(path: string): boolean
  handle(req: IncomingMessage, res: ServerResponse): void
  /** A one-time link to the dashboard. @throws {StoreError} */
  newLink(): ReturnType<Management['newLink']>
  close(): void
}

/** @param context what it is given once it is there. */
export function lazyManagement(context: () => ManagementContext): LazyManagement {
  let loading: Promise<Management> | undefined
  let loaded: Management | undefined
  let closed = false

  function load(): Promise<Management> {
    loading ??= import('./management/index.ts').then(({ createManagement }) => {
      loaded = createManagement(context())
      if (closed) loaded.close()
      return loaded
    })
    return loading
  }

  return {
    owns: (path) =>
      path === '/v0/management' ||
      path.startsWith('/v0/management/') ||
      path === '/dashboard' ||
      path.startsWith('/dashboard/') ||
      path === '/management.html',
    handle(req, res) {
      if (loaded !== undefined) loaded.handle(req, res)
      else
        load().then(
          (management) => management.handle(req, res),
          () => res.destroy(),
        )
    },
    newLink: async () => (await load()).newLink(),
    close() {
      closed = true
      loaded?.close()
    },
  }
}
