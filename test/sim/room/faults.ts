/** What goes wrong in a simulated room, how often, and how often it did. */
import type { Chance } from './chance.ts'

export type Faults = {
  /** Chances of one frame: never to arrive, to arrive twice, to be overtaken. */
  drop: number
  duplicate: number
  reorder: number
  /** Chance of a link to be cut when it is looked at, or to go deaf in one direction. */
  cut: number
  deaf: number
  /** Chance of the room to fall into two parts, when it is looked at. */
  split: number
  /** Chance of a peer to die in one turn, between any two of its effects. */
  crash: number
  /** Chance of a peer to be stopped between two turns, when it is looked at. */
  stop: number
  /** Chance of a peer to stand still for a while, when it is looked at. */
  pause: number
  /** Chance of a clock to be set, when it is looked at. */
  clock: number
  /** Chance of a job on git objects to break off. */
  job: number
  /** Chance of a link to be so slow that outboxes fill. */
  slow: number
  /** Chance of a link to be long. */
  far: number
  /** Chance of a member to say what only a leader may, when it is looked at. */
  lie: number
  /** Chance of a peer to come back with a disk of some time ago, when it is looked at; once a room. */
  restore: number
  /** Chance of a disk to be cloned, and both to run from then on; once a room. */
  clone: number
}

/** Everything goes wrong now and then. */
export const ROUGH: Faults = {
  drop: 0.002,
  duplicate: 0.02,
  reorder: 0.05,
  cut: 0.5,
  deaf: 0.4,
  split: 0.15,
  crash: 0.03,
  stop: 0.05,
  pause: 0.1,
  clock: 0.1,
  job: 0.15,
  slow: 0.2,
  far: 0.15,
  lie: 0.15,
  restore: 0.1,
  clone: 0.5,
}

/**
 * Some faults often and others never, another mix for each seed: where everything goes wrong at
 * once, one fault hides what another would show.
 */
export function mixed(chance: Chance): Faults {
  const faults = { ...ROUGH }
  for (const fault of Object.keys(faults) as (keyof Faults)[]) {
    faults[fault] = Math.min(0.9, faults[fault] * chance.pick([0, 0.5, 1, 3]))
  }
  return faults
}

/** Nothing goes wrong. */
export const CALM: Faults = {
  drop: 0, duplicate: 0, reorder: 0, cut: 0, deaf: 0, split: 0, crash: 0, stop: 0, pause: 0, clock: 0, job: 0,
  slow: 0, far: 0, lie: 0, restore: 0, clone: 0,
}

/** What happened; a fault that never did was not tested. */
export type Tally = Record<keyof Faults | 'paced' | 'joined' | 'forks' | 'cuts', number>

/** Nothing happened yet. */
export function emptyTally(): Tally {
  return {
    drop: 0, duplicate: 0, reorder: 0, cut: 0, deaf: 0, split: 0, crash: 0, stop: 0, pause: 0, clock: 0, job: 0,
    slow: 0, far: 0, lie: 0, restore: 0, clone: 0, paced: 0, joined: 0, forks: 0, cuts: 0,
  }
}
