/** Reading a package.json, of which nothing is known but that somebody wrote it. */

/** What stands in a package.json. */
export type Manifest = Readonly<Record<string, unknown>>

/** Reads the text of a package.json. */
export function readManifest(text: string): Manifest | 'malformed' {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return isRecord(value) ? value : 'malformed'
  } catch {
    return 'malformed'
  }
}

/** The text of a script; undefined when it is empty or only promises tests. */
export function scriptOf(manifest: Manifest, name: string): string | undefined {
  const scripts = manifest['scripts']
  const script = isRecord(scripts) && Object.hasOwn(scripts, name) ? scripts[name] : undefined
  if (typeof script !== 'string' || script.trim() === '') return undefined
  // What `npm init` writes: a promise of tests, not a test.
  return /no test specified/.test(script) ? undefined : script
}

/** Whether a package is among the dependencies, those for development included. */
export function dependsOn(manifest: Manifest, name: string): boolean {
  return Object.hasOwn(dependenciesOf(manifest), name)
}

/** All dependencies, those for development included. */
export function dependenciesOf(manifest: Manifest): Manifest {
  const { dependencies, devDependencies } = manifest
  return {
    ...(isRecord(dependencies) ? dependencies : {}),
    ...(isRecord(devDependencies) ? devDependencies : {}),
  }
}

/** Whether a value is an object that is no list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
