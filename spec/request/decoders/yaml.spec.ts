import * as yaml from 'yaml'
import { atOnce, inTurns } from '../../../lib/core/turns'
import { MAX_YAML_LENGTH, yamlToJson } from '../../../lib/request/decoders/yaml'

const json = (text: string): string => atOnce(yamlToJson(yaml, Buffer.from(text)))

describe('yamlToJson', () => {
  it.each([
    ['---\nquery: FROM x\nparams:\n- 1\n- a\n', '{"query":"FROM x","params":[1,"a"]}'],
    ['query: >-\n  FROM x\n  | LIMIT 1\n', '{"query":"FROM x | LIMIT 1"}'],
    ['query: |\n  FROM x\n  | LIMIT 1\n', '{"query":"FROM x\\n| LIMIT 1\\n"}'],
    ['{"query":"ROW 1","params":[1.5]}', '{"query":"ROW 1","params":[1.5]}'],
    [
      '[9007199254740993, -170141183460469231731687303715884105728]',
      '[9007199254740993,-170141183460469231731687303715884105728]',
    ],
    ['[0x10, 0o17, 1.0, 1e3, +5, 007]', '[16,15,1.0,1000.0,5,7]'],
    [
      '[~, null, Null, "null", true, False, yes, no, on]',
      '[null,null,null,"null",true,false,"yes","no","on"]',
    ],
    ['[2001-12-14, 12:30:45, 1_000]', '["2001-12-14","12:30:45","1_000"]'],
    ['[!!str 5, !!int "5", &a b]', '["5",5,"b"]'],
    ['a:\nb: ', '{"a":null,"b":null}'],
    ['1: a\ntrue: b\n1.50: c\n', '{"1":"a","true":"b","1.50":"c"}'],
    ['a: 1\na: 2', '{"a":1,"a":2}'],
    ['<<: {a: 1}', '{"<<":{"a":1}}'],
    ['# nothing\n', ''],
    ['%YAML 1.1\n---\na: yes\n<<: {b: 1}', '{"a":"yes","<<":{"b":1}}'],
  ])('reads %j as %s', (text, expected) => {
    expect(json(text)).toBe(expected)
  })

  it.each([
    ['a: &a [1]\nb: *a', '[-1:-1] YAML has an alias, which is not supported here'],
    ['a: !custom b', '[1:4] Unresolved tag: !custom'],
    ['a: !!binary aGk=', '[1:4] Unresolved tag: tag:yaml.org,2002:binary'],
    ['a: !!set {b}', '[1:4] Unresolved tag: tag:yaml.org,2002:set'],
    ['a: 1\n---\nb: 2', '[-1:-1] YAML has more than one document'],
    ['? [a]\n: b', '[-1:-1] The names of fields in YAML have to be texts'],
    ['a: .nan', "[-1:-1] Non-standard token 'NaN'"],
    ['a: [1\nb: 2', /^\[2:1\] /],
    ['a:\n\t- b', /^\[2:1\] /],
    ['a: "b', /^\[1:6\] Missing closing "quote/],
    ['[,,]', /^\[1:3\] Unexpected , in flow sequence/],
    ['! ! ! a', /^\[1:3\] A node can have at most one tag/],
    [']', /^\[1:1\] /],
    [
      `${'['.repeat(1_001)}${']'.repeat(1_001)}`,
      '[-1:-1] Document nesting depth (1001) exceeds the maximum allowed (1000)',
    ],
    ['['.repeat(8_000), /nesting depth|flow/i],
    ['- '.repeat(4_000), '[-1:-1] Document nesting depth (1001) exceeds the maximum allowed (1000)'],
    [
      '- a\n'.repeat(10_000),
      '[-1:-1] The incoming YAML document exceeds the limit: 8192 words and signs. Send it as JSON.',
    ],
    [
      `a: ${'b'.repeat(MAX_YAML_LENGTH)}`,
      '[-1:-1] The incoming YAML document exceeds the limit: 65536 bytes. Send it as JSON.',
    ],
  ])('refuses what it cannot read, %#', (text, reason) => {
    expect(() => json(text)).toThrow(
      expect.objectContaining({
        type: 'x_content_parse_exception',
        reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
      }),
    )
  })

  it('does not expand aliases', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...[...'bcdefgh'].map((name, index) => {
        const former = `*${String.fromCharCode(97 + index)}`
        return `${name}: &${name} [${Array(9).fill(former).join(',')}]`
      }),
    ]
    expect(() => json(bomb.join('\n'))).toThrow('YAML has an alias')
  })

  it('pauses while it reads words', async () => {
    let turns = 0
    await inTurns(yamlToJson(yaml, Buffer.from('- a\n'.repeat(1_500))), () => {
      turns += 1
    })
    expect(turns).toBeGreaterThan(4)
  })
})
