import { describe, expect, test } from 'vitest'
import { difference, fillIn, match } from '../../e2e/story/match.ts'
import { parseStory } from '../../e2e/story/parse.ts'

const story = (...lines: string[]) => parseStory(lines.join('\n'))

describe('reading a story', () => {
  test('commands have a speaker, what they print, and how they end', () => {
    const { steps } = story(
      '# Prose', '', '``` ~ada (exit 3) (eventually)', '$ one', 'a', '', 'b', '$ two \\', '  more',
      'c', '```', '```js', '$ not this', '```',
    )
    const how = { speaker: 'ada', exit: 3, patience: 'eventually' }
    expect(steps).toEqual([
      { ...how, command: 'one', expected: ['a', '', 'b'], line: 4 },
      { ...how, command: 'two \\\n  more', expected: ['c'], line: 8 },
    ])
  })

  test('a block "setup" makes the repository', () => {
    expect(story('``` setup', 'git init .', 'touch a', '```').setup).toBe('git init .\ntouch a')
  })

  test('what cannot be understood is an error with its line', () => {
    expect(() => story('``` ~ada (exti 2)', '$ x', '```')).toThrow('line 1: "(exti 2)" means nothing')
    expect(() => story('', '``` ~ada', 'x', '```')).toThrow('line 3: expected "$ command"')
    expect(() => story('``` ~ada', '$ x')).toThrow('line 1: this block never ends')
  })
})

describe('fitting output', () => {
  test('text fits itself only, its signs taken literally', () => {
    expect(match(['a.b (c)'], 'a.b (c)\n', {})).toEqual({})
    expect(match(['a.b (c)'], 'axb (c)\n', {})).toBeUndefined()
    expect(match([], '', {})).toEqual({})
    expect(match([], 'x', {})).toBeUndefined()
  })

  test('[..] is any text in a line, ... any lines, also none', () => {
    expect(match(['a [..] c', '...', 'z'], 'a b c\n1\n2\nz\n', {})).toEqual({})
    expect(match(['a', '...', 'z'], 'a\nz\n', {})).toEqual({})
    expect(match(['a', '...'], 'a\nb\n', {})).toEqual({})
    expect(match(['a [..] c'], 'a b\nc\n', {})).toBeUndefined()
  })

  test('{{name}} is a word, and from then on the same word', () => {
    expect(match(['id {{id}}', 'again {{id}}'], 'id 4f\nagain 4f', {})).toEqual({ id: '4f' })
    expect(match(['id {{id}}', 'again {{id}}'], 'id 4f\nagain 5f', {})).toBeUndefined()
    expect(match(['id {{id}}'], 'id 5f', { id: '4f' })).toBeUndefined()
    expect(fillIn('knot show {{id}} {{other}}', { id: '4f' })).toBe('knot show 4f {{other}}')
  })

  test('a difference shows what is missing and what is too much, in place', () => {
    expect(difference(['a', 'b', '...', 'd [..]', 'e'], 'a\nx\nc\nd 1\nf', {})).toBe(
      ['  a', '- b', '  x', '  c', '  d 1', '- e', '+ f'].join('\n'),
    )
  })
})
