/** Strict JSON for files that people edit: a mistake is named with its line and column. */

export type ParsedJson =
  { kind: 'ok'; value: unknown } | { kind: 'bad'; line: number; column: number; why: string }

/** Parses JSON. Unlike the platform's message, `why` always comes with a position. */
export function parseJson(text: string): ParsedJson {
  try {
    return { kind: 'ok', value: JSON.parse(text) }
  } catch {
    const { at, why } = new Finder(text).find()
    const before = text.slice(0, at).split('\n')
    return { kind: 'bad', line: before.length, column: (before.at(-1) as string).length + 1, why }
  }
}

/** Whether the value is an object with keys, as opposed to a list or a scalar. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

type Mistake = { at: number; why: string }

/** Thrown inside `find` only. */
class Found {
  readonly mistake: Mistake
  constructor(mistake: Mistake) {
    this.mistake = mistake
  }
}

const DEPTH_MAX = 1_000

/** Walks a text that JSON.parse has refused, to the first place where it stops being JSON. */
class Finder {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  find(): Mistake {
    try {
      this.#value(0)
      this.#space()
      this.#stop('the value is over, but more text follows')
    } catch (error) {
      if (error instanceof Found) return error.mistake
      throw error
    }
  }

  #value(depth: number): void {
    if (depth > DEPTH_MAX) this.#stop('nested too deeply')
    this.#space()
    if (this.#takes('{')) return this.#items('}', () => this.#member(depth))
    if (this.#takes('[')) return this.#items(']', () => this.#value(depth + 1))
    if (this.#text[this.#at] === '"') return this.#string()
    if (
      !this.#matches(/(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y)
    ) {
      this.#stop('a value is expected here: "text", a number, true, false, null, { or [')
    }
  }

  #member(depth: number): void {
    this.#space()
    if (this.#text[this.#at] !== '"') this.#stop('a key in double quotes is expected here')
    this.#string()
    this.#space()
    if (!this.#takes(':')) this.#stop('a colon is expected here')
    this.#value(depth + 1)
  }

  #items(end: '}' | ']', item: () => void): void {
    this.#space()
    if (this.#takes(end)) return
    for (;;) {
      item()
      this.#space()
      if (this.#takes(end)) return
      if (!this.#takes(',')) this.#stop(`a comma or ${end} is expected here`)
    }
  }

  #string(): void {
    const start = this.#at
    if (this.#matches(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y)) return
    this.#at = start
    this.#stop('this text in quotes does not end, or has a raw control character or a bad escape')
  }

  #space(): void {
    this.#matches(/[ \t\n\r]*/y)
  }

  #takes(char: string): boolean {
    if (this.#text[this.#at] !== char) return false
    this.#at++
    return true
  }

  #matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    if (!pattern.test(this.#text)) return false
    this.#at = pattern.lastIndex
    return true
  }

  #stop(why: string): never {
    const over = this.#at >= this.#text.length
    throw new Found({ at: this.#at, why: over ? `the file ends too early; ${why}` : why })
  }
}
