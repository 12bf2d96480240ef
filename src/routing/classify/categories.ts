/** What a prompt can be. */

/** In the order of the model's outputs. */
export const CATEGORIES = ['code', 'reasoning', 'fast', 'creative', 'analysis'] as const
export type Category = (typeof CATEGORIES)[number]
