/** The rules of this repository that are worth having, as tests. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { codeOf, lineOf, type Node, ROOT, type Source, SOURCES } from './tidy.ts'

const PRODUCT = /^(src|cli)\//
const TYPED = /^(src|cli)\/.*\.ts$/

type TextRule = { where: RegExp; never: RegExp; because: string; except?: RegExp }

/** Words that must not occur in code; comments do not count. */
const WORDS: TextRule[] = [
  {
    where: /^src\/core\//,
    never: /\b(Date\.now|new Date|performance\.now|Math\.random|getRandomValues|randomUUID)\b/,
    because: 'time and chance are arguments of the core',
  },
  {
    where: /^src\/core\//,
    never: /\b(set(Timeout|Interval|Immediate)|queueMicrotask|fetch|process|console)\b[.(]/,
    because: 'the core has no world: no timers, no IO, no process',
  },
  {
    where: /^src\/core\//,
    never: /\bthrow new (?!Error\(['"`]bug: )/,
    because: 'expected failures of the core are values; a throw says "bug:"',
    // Its one exception never leaves the file: `decode` turns it into a value.
    except: /^src\/core\/bytes\/reader\.ts$/,
  },
  {
    where: PRODUCT,
    never: /\b(class|type|interface) \w*(Manager|Handler|Service|Helper|Util)s?\b/,
    because: 'names say what a thing is for, in the words of the glossary',
  },
  {
    where: PRODUCT,
    never: /@ts-(ignore|expect-error|nocheck)/,
    because: 'the compiler is right',
  },
  {
    where: /^src\/(?!api\/bind\.ts)/,
    never: /\bprocess\.exit\b/,
    because: 'only an entry ends the process',
    except: /^src\/(daemon\/main|store\/document\/worker)\.ts$/,
  },
  {
    where: /^(test|e2e)\//,
    never: /toMatchObject\([^\n]*\w: \/(?!\/)/,
    because: 'a bare pattern in there fits everything: it is expect.stringMatching that looks',
  },
]

type PackageRule = { what: RegExp; only: RegExp; because: string }

/** Who may import what from outside. Types count too: they tie just as well. */
const OWNERS: PackageRule[] = [
  {
    what: /^(libp2p|@libp2p\/.*|@chainsafe\/.*|@multiformats\/.*|multicast-dns|uint8arraylist)$/,
    only: /^src\/mesh\//,
    because: 'the mesh is the only importer of libp2p',
  },
  { what: /^simple-git$/, only: /^src\/git\//, because: 'src/git is the one door to git' },
  { what: /^zod/, only: /^src\/api\//, because: 'the contract is the one place of schemas' },
  { what: /^@automerge\//, only: /^src\/store\/document\//, because: 'Automerge has one door' },
  {
    what: /^@noble\//,
    only: /^src\/(core|store)\//,
    because: 'cryptography is the core’s, keys are the store’s',
  },
  { what: /^clipanion$/, only: /^cli\//, because: 'commands are the command line’s' },
  {
    what: /^(node:)?child_process$/,
    only: /^(src\/(git|integrate|daemon)\/|cli\/(daemon|name|demo\/stage|service\/program)\.ts|cli\/knot\.mjs)/,
    because: 'few things start processes, and each must end its own',
  },
  {
    what: /^(node:)?fs(\/promises)?$/,
    only: /^(src\/(store|git|integrate|daemon)\/|src\/api\/(bind|socket)\.ts|cli\/)/,
    because: 'the core and the mesh keep nothing; the store owns the disk, git its repository',
  },
  {
    what: /^(node:)?(net|dgram|tls|http|https|dns)(\/promises)?$/,
    only: /^(src\/(mesh|api)\/|cli\/git-remote-knot\.mjs)/,
    because: 'peers are the mesh’s, the local socket is the API’s',
  },
  {
    what: /^(node:)?worker_threads$/,
    only: /^src\/store\/document\//,
    because: 'there is one worker: the document’s',
  },
]

/** What a folder of the product may import from the others. */
const DIRECTIONS: Record<string, string[]> = {
  'src/core': [],
  'src/api': ['src/core'],
  'src/mesh': ['src/core'],
  'src/store': ['src/core'],
  'src/git': ['src/core'],
  'src/integrate': ['src/core', 'src/git'],
  'src/review': ['src/core', 'src/git'],
  'src/daemon': [
    'src/core', 'src/api', 'src/mesh', 'src/store', 'src/git', 'src/integrate', 'src/review',
  ],
  'src/mcp': ['src/api', 'src/core'],
  'src/web': ['src/api', 'src/core'],
  cli: ['src/api', 'src/core'],
}

const LINES_MAX = 400
/** A table is one thing however long it is, and one place is where a reader looks for a bound. */
const TABLE = 'src/core/limits.ts'
const FUNCTION_LINES_MAX = 70
const COLUMNS_MAX = 100

/** Every place where a rule is broken, for a message that names all of them at once. */
function broken(where: RegExp, find: (source: Source) => (string | undefined)[]): string[] {
  return SOURCES.filter(({ path }) => where.test(path))
    .flatMap((source) => find(source)
      .filter((what) => what !== undefined)
      .map((what) => `${source.path}:${what}`))
}

function at(source: Source, node: { start: number }, what: string): string {
  return `${lineOf(source, node.start)} ${what}`
}

describe('words', () => {
  test.each(WORDS)('$because', ({ where, never, except }) => {
    expect(broken(where, (source) => {
      if (except?.test(source.path) === true) return []
      return codeOf(source).split('\n').map((line, index) =>
        never.test(line) ? `${index + 1} ${line.trim()}` : undefined)
    })).toEqual([])
  })

  test('nothing is left for later', () => {
    const later = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'not impl' + 'emented'].join('|'))
    expect(broken(/./, ({ lines }) => lines.map((line, index) =>
      later.test(line) ? `${index + 1} ${line.trim()}` : undefined))).toEqual([])
  })
})

describe('imports', () => {
  test.each(OWNERS)('$because ($what)', ({ what, only }) => {
    expect(broken(PRODUCT, ({ path, imports }) => imports.map(({ to, typeOnly }) =>
      what.test(to) && !typeOnly && !only.test(path) ? ` imports ${to}` : undefined))).toEqual([])
  })

  test('folders of the product import only in the direction of DESIGN §3', () => {
    const folderOf = (path: string) =>
      Object.keys(DIRECTIONS).find((folder) => path.startsWith(`${folder}/`))
    expect(broken(PRODUCT, ({ path, imports }) => {
      const from = folderOf(path)
      if (from === undefined) return [' lies in no known folder']
      return imports.map(({ to }) => {
        if (!PRODUCT.test(to)) return undefined
        const target = folderOf(to) ?? to
        const fine = target === from || DIRECTIONS[from]?.includes(target) === true
        return fine ? undefined : ` imports ${to}`
      })
    })).toEqual([])
  })

  test('the core imports itself and @noble, and nothing else', () => {
    expect(broken(/^src\/core\//, ({ imports }) => imports.map(({ to }) =>
      to.startsWith('src/core/') || to.startsWith('@noble/') ? undefined : ` imports ${to}`)))
      .toEqual([])
  })

  test('no folder of src reaches itself through others', () => {
    const folder = (path: string) => path.match(/^src\/(core\/[^/]+(?=\/)|[^/]+)/)?.[0]
    const reach = new Map<string, Set<string>>()
    for (const { path, imports } of SOURCES) {
      const from = folder(path)
      for (const { to, typeOnly } of imports) {
        const target = folder(to)
        if (from === undefined || target === undefined || from === target || typeOnly) continue
        reach.set(from, (reach.get(from) ?? new Set()).add(target))
      }
    }
    expect([...reach.keys()].map((start) => cycleFrom(start, reach)).filter(Boolean)).toEqual([])
  })

  test('S393: the command line loads nothing heavy, however far its imports go', () => {
    const sources = new Map(SOURCES.map((source) => [source.path, source]))
    const packages = new Set<string>()
    const seen = new Set<string>()
    const follow = (path: string): void => {
      if (seen.has(path)) return
      seen.add(path)
      for (const { to, typeOnly } of sources.get(path)?.imports ?? []) {
        if (typeOnly) continue
        if (sources.has(to)) follow(to)
        else packages.add(to)
      }
    }
    follow('cli/main.ts')
    expect([...packages].filter((name) => !name.startsWith('node:'))).toEqual(['clipanion'])
  })

  test('imports name the file', () => {
    expect(broken(TYPED, ({ imports }) => imports.map(({ to }) =>
      PRODUCT.test(to) && !/\.(ts|mjs)$/.test(to) ? ` imports ${to}` : undefined))).toEqual([])
  })
})

describe('form', () => {
  test(`files have at most ${LINES_MAX} lines, lines at most ${COLUMNS_MAX} columns`, () => {
    expect(broken(PRODUCT, ({ path, lines }) => [
      lines.length > LINES_MAX && path !== TABLE ? ` has ${lines.length} lines` : undefined,
      ...lines.map((line, index) =>
        [...line].length > COLUMNS_MAX ? `${index + 1} is too long` : undefined),
    ])).toEqual([])
  })

  test(`functions have at most ${FUNCTION_LINES_MAX} lines`, () => {
    const functions = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']
    expect(broken(PRODUCT, (source) => source.nodes
      .filter(({ type }) => functions.includes(type))
      .map((node) => {
        const lines = lineOf(source, node.end) - lineOf(source, node.start) + 1
        return lines > FUNCTION_LINES_MAX ? at(source, node, `has ${lines} lines`) : undefined
      }))).toEqual([])
  })

  test.each([
    ['ExportDefaultDeclaration', 'a default export has a name at every import and none of its own'],
    ['TSEnumDeclaration', 'a union of words is enough'],
    ['TSAnyKeyword', 'any turns the compiler off'],
    ['TSParameterProperty', 'only erasable syntax runs without a build'],
  ])('no %s: %s', (type) => {
    expect(broken(TYPED, (source) => source.nodes
      .filter((node) => node.type === type)
      .map((node) => at(source, node, type)))).toEqual([])
  })

  test('what is exported and does something says in a sentence what its signature cannot', () => {
    expect(broken(TYPED, (source) => source.top
      .filter((node) => node.type === 'ExportNamedDeclaration' && hasWork(node))
      .filter((node) => !isDocumented(source, node))
      .map((node) => at(source, node, firstLine(source, node)))))
      .toEqual([])
  })
})

describe('words and proof', () => {
  const spec = existsSync(join(ROOT, 'SPEC.md'))
  test.runIf(spec)('every clause of SPEC.md has a test, every such test a clause', () => {
    const spec = readFileSync(join(ROOT, 'SPEC.md'), 'utf8')
    const clauses = [...spec.matchAll(/\*\*(S\d+)\*\*/g)].map(([, clause]) => clause)
    const naming = /\b(?:test|it|describe)\b[^'"`\n]*\(\s*['"`]((?:S\d+[,: ]+)+)/g
    const named = SOURCES.filter(({ path }) => path.endsWith('.test.ts'))
      .flatMap(({ text }) => [...text.matchAll(naming)])
      .flatMap(([, names]) => names?.match(/S\d+/g) ?? [])
    expect(clauses.filter((clause, index) => clauses.indexOf(clause) !== index)).toEqual([])
    expect(clauses.filter((clause) => !named.includes(clause ?? ''))).toEqual([])
    expect([...new Set(named)].filter((name) => !clauses.includes(name))).toEqual([])
  })
})

/** Functions, classes and constants do something; a type's fields may speak for themselves. */
function hasWork(node: Node): boolean {
  const declared = node['declaration'] as Node | null
  return declared !== null && /^(Function|Class|Variable)Declaration$/.test(declared.type)
}

function isDocumented(source: Source, node: Node): boolean {
  const declared = node['declaration'] as Node & { id?: { name?: string } }
  if (isOverload(source, node, declared.id?.name)) return true
  const before = source.comments.findLast(({ end }) => end <= node.start)
  return before !== undefined && before.value.startsWith('*')
    && source.text.slice(before.end, node.start).trim() === ''
}

function isOverload(source: Source, node: Node, name: string | undefined): boolean {
  const before = source.top[source.top.indexOf(node) - 1]
  const declared = before?.['declaration'] as { type?: string; id?: { name?: string } } | undefined
  return name !== undefined && declared?.id?.name === name && declared.type === 'TSDeclareFunction'
}

function firstLine(source: Source, node: Node): string {
  return source.text.slice(node.start, node.end).split('\n')[0] ?? ''
}

function cycleFrom(start: string, reach: Map<string, Set<string>>): string | undefined {
  const walk = (path: string[]): string | undefined => {
    for (const next of reach.get(path.at(-1) ?? '') ?? []) {
      if (next === start) return [...path, next].join(' -> ')
      if (path.includes(next)) continue
      const found = walk([...path, next])
      if (found !== undefined) return found
    }
    return undefined
  }
  return walk([start])
}
