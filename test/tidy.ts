/** The sources as syntax trees, for the rules in tidy.test.ts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { parseSync } from 'rolldown/utils'

/** The repository's root. */
export const ROOT = new URL('..', import.meta.url).pathname

/** A node of a syntax tree, as far as the rules look at it. */
export type Node = { type: string; start: number; end: number } & Record<string, unknown>

/** One import, with what it leads to: a path from the root, or a package. */
export type Import = { to: string; typeOnly: boolean }

/** A source file, read and parsed once. */
export type Source = {
  path: string
  text: string
  lines: string[]
  /** Every node, outermost first. */
  nodes: Node[]
  top: Node[]
  comments: { start: number; end: number; value: string }[]
  imports: Import[]
}

const IMPORTING = [
  'ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression',
]

const FOLDERS = ['src', 'cli', 'test', 'e2e']

/** Every file that a rule may be about. */
export const SOURCES: Source[] = FOLDERS
  .filter((folder) => existsSync(join(ROOT, folder)))
  .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true })
    .map((name) => posix.join(folder, String(name))))
  .filter((path) => /\.(ts|mjs)$/.test(path))
  .sort()
  .map(sourceOf)

function sourceOf(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const { program, comments, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`)
  const top = program.body as unknown as Node[]
  const nodes: Node[] = []
  collect(program, nodes)
  return {
    path, text, top, nodes, comments,
    lines: text.trimEnd().split('\n'),
    imports: nodes.flatMap((node) => importOf(path, node)),
  }
}

function collect(value: unknown, into: Node[]): void {
  if (Array.isArray(value)) return value.forEach((each) => collect(each, into))
  if (typeof value !== 'object' || value === null) return
  if (typeof (value as Node).type === 'string') into.push(value as Node)
  for (const child of Object.values(value)) collect(child, into)
}

function importOf(path: string, node: Node): Import[] {
  if (!IMPORTING.includes(node.type)) return []
  const source = node['source'] as { value?: unknown } | null
  if (typeof source?.value !== 'string') return []
  const to = source.value.startsWith('.')
    ? posix.join(posix.dirname(path), source.value)
    : source.value
  const names = (node['specifiers'] ?? []) as { importKind?: string; exportKind?: string }[]
  const eachType = names.length > 0
    && names.every(({ importKind, exportKind }) => (importKind ?? exportKind) === 'type')
  const typeOnly = node['importKind'] === 'type' || node['exportKind'] === 'type' || eachType
  return [{ to, typeOnly }]
}

/** The line on which a place of a file is, from 1. */
export function lineOf(source: Source, offset: number): number {
  return source.text.slice(0, offset).split('\n').length
}

/** A file's text with its comments blanked out, lines kept. */
export function codeOf({ text, comments }: Source): string {
  let code = text
  for (const { start, end } of comments) {
    code = code.slice(0, start) + text.slice(start, end).replace(/[^\n]/g, ' ') + code.slice(end)
  }
  return code
}
