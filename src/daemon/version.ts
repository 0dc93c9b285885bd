/** The version of knot, for people; the protocols carry their own. */
export const VERSION = '0.1.0'
