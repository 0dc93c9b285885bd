/** The promise that `stop` makes. */
import type { MeshEvents } from './port.ts'

/**
 * The same events, none of which is told after the signal: connections take a moment to close, and
 * whoever stopped the mesh wants to hear no more of them.
 */
export function mutedBy(stopping: AbortSignal, events: MeshEvents): MeshEvents {
  const told = () => !stopping.aborted
  return {
    up: (...link) => (told() ? events.up(...link) : undefined),
    down: (...link) => (told() ? events.down(...link) : undefined),
    frame: (...frame) => (told() ? events.frame(...frame) : undefined),
    drained: (key) => (told() ? events.drained(key) : undefined),
    found: (...peer) => (told() ? events.found(...peer) : undefined),
    ask: (...question) => events.ask(...question),
    git: (key, stream) => (told() ? events.git(key, stream) : stream.abort('stopped')),
  }
}
