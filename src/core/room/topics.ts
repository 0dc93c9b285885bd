/** The top-level maps of the room document, made by the volume's genesis change and never after. */
export const TOPICS = [
  'agents',
  'blobs',
  'chat',
  'claims',
  'landings',
  'locks',
  'notes',
  'patches',
  'plans',
  'refs',
  'reviews',
  'tasks',
  'verdicts',
] as const

export type Topic = (typeof TOPICS)[number]
