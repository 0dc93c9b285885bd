/** What peers do in more than one lab. */
import type { Peer } from '../peers.ts'
import { until } from '../world.ts'

/** The link without its addresses. */
export function bare(link: string): string {
  return link.split('/').slice(0, 3).join('/')
}

/** Commits a file and syncs it, and waits until it landed for all of these. */
export async function lands(author: Peer, file: string, seenBy: readonly Peer[]): Promise<void> {
  await author.commit({ [file]: `export const by = '${author.name}'\n` })
  const { id } = await author.told<{ id: string }>('sync')
  await landed(id, seenBy)
}

/** Waits until these peers have seen a push land, and have it. */
export async function landed(push: string, seenBy: readonly Peer[]): Promise<void> {
  for (const peer of seenBy) {
    await until(`${peer.name} sees ${push} land, and has it`, async () => {
      const log = await peer.events()
      const landing = log.find(({ kind, fields }) => kind === 'landed' && fields['push'] === push)
      const line = await peer.git('log', '--format=%H', 'refs/knot/integration')
      return landing !== undefined && line.includes(String(landing.fields['landed']))
    })
  }
}
