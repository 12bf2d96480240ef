/** An SSE comment: every client skips it, and it keeps proxies and idle timers at ease (WHATWG HTML, event streams). */
export const KEEP_ALIVE_COMMENT = ': keep-alive\n\n'
