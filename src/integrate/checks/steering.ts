/**
 * Which files of a push could change what a check means. Such a push says so, and needs a review:
 * its own tests would otherwise be judged by rules that it wrote itself.
 */

/** The changed files that steer checks, in the order given. */
export function changesChecks(
  { changed, base, tip }: {
    changed: readonly string[]
    /** The text of every changed package.json before and after. */
    base: ReadonlyMap<string, string>
    tip: ReadonlyMap<string, string>
  },
): string[] {
  return changed.filter((path) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (name !== 'package.json') return STEERING.test(name) || CI.test(path)
    const before = steeringPart(base.get(path))
    return before === undefined || before !== steeringPart(tip.get(path))
  })
}

const STEERING = new RegExp(
  [
    '^\\.knot\\.toml$|^tsconfig.*\\.json$|^\\.npmrc$|^\\.yarnrc.*$|^pnpm-workspace\\.yaml$',
    '^(vitest|vite|jest|mocha|ava|playwright|karma|babel|webpack|rollup)\\.[\\w.-]*$',
    '^\\.(mocharc|babelrc|c8rc|nycrc)([.\\w-]*)$',
    '^(go\\.mod|go\\.work|Cargo\\.toml|rust-toolchain(\\.toml)?|build\\.rs)$',
    '^(pytest\\.ini|pyproject\\.toml|setup\\.cfg|setup\\.py|tox\\.ini|noxfile\\.py|conftest\\.py)$',
    '^(GNUmakefile|[Mm]akefile|.*\\.mk)$',
    '^(pom\\.xml|mvnw(\\.cmd)?|gradlew(\\.bat)?|(build|settings)\\.gradle(\\.kts)?)$',
    '^(gradle|maven-wrapper|gradle-wrapper)\\.properties$',
  ].join('|'),
)

const CI = /^(\.github\/workflows|\.cargo|\.mvn|\.yarn)\//

// Everything else of a package.json (scripts, "type", a tool's own table) can steer a check.
const NEUTRAL = new Set([
  'name', 'version', 'description', 'keywords', 'author', 'contributors', 'license', 'homepage',
  'repository', 'bugs', 'funding', 'private', 'dependencies', 'devDependencies',
  'peerDependencies', 'optionalDependencies',
])

function steeringPart(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const parts = Object.entries(value).filter(([key]) => !NEUTRAL.has(key))
    return JSON.stringify(parts.toSorted(([a], [b]) => (a < b ? -1 : 1)))
  } catch {
    return undefined
  }
}
