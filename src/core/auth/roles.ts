/** What the roles of a room may do. */

/** The wire number of a role is its place here, counted from 1, for ever. */
export const ROLES = ['founder', 'admin', 'member', 'observer', 'relay'] as const

export type Role = (typeof ROLES)[number]
/** A role that can be given: the founder is whom the genesis names, and nobody else. */
export type GivenRole = Exclude<Role, 'founder'>

/** Whether the role writes facts, invites, and sponsors who joins. */
export function writes(role: Role): boolean {
  return role === 'founder' || role === 'admin' || role === 'member'
}

/** Whether the role decides about other agents: approves, removes, changes roles, recovers. */
export function governs(role: Role): boolean {
  return role === 'founder' || role === 'admin'
}

/** Whether a role may hand out another: nobody gives more than they have. */
export function mayGive(giver: Role, role: Role): boolean {
  return role !== 'founder' && writes(giver) && (governs(giver) || !governs(role))
}

/** The one of two concurrent roles that holds: what was taken is not given back by accident. */
export function lesser(a: Role, b: Role): Role {
  return ROLES.indexOf(a) >= ROLES.indexOf(b) ? a : b
}
