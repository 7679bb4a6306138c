import type { Operation } from './operation.ts'
import { examplePath } from './parameters.ts'

/** How an operation is called from a shell, from JavaScript and from Python: with what either brings with it. */

type Request = {
  method: string
  path: string
  token: string | undefined
  type: string | undefined
  text: string
}

type CodeSample = { lang: string; label: string; source: string }

export function codeSamples(operation: Operation, method: string, path: string): CodeSample[] {
  const request = requestOf(operation, method, path)
  return [
    { lang: 'Shell', label: 'curl', source: curl(request) },
    { lang: 'JavaScript', label: 'JavaScript', source: javascript(request) },
    { lang: 'Python', label: 'Python', source: python(request) },
  ]
}

function requestOf({ who, body, query = [] }: Operation, method: string, path: string): Request {
  const [type, content] = Object.entries(body?.content ?? {})[0] ?? []
  const [example] = Object.values(content?.examples ?? {})
  const parameters = query
    .filter((each) => each.example !== undefined)
    .map((each) => [each.name, String(each.example)])
  const search = parameters.length === 0 ? '' : `?${String(new URLSearchParams(parameters))}`
  const isForm = type === 'application/x-www-form-urlencoded'
  const token =
    who === 'operator' || who === 'owner' ? 'OPERATOR_TOKEN' : typeof who === 'object' ? 'TOKEN' : undefined
  const text = isForm
    ? String(new URLSearchParams(example as Record<string, string>))
    : example === undefined
      ? ''
      : JSON.stringify(example)
  return {
    method,
    path: examplePath(path) + search,
    token,
    type: example === undefined ? undefined : type,
    text,
  }
}

function curl({ method, path, token, type, text }: Request): string {
  const isPlain = method === 'GET' || (method === 'POST' && text !== '')
  return [
    `curl -s ${isPlain ? '' : `-X ${method} `}"$BASE${path}" -w '\\n'`,
    ...(token === undefined ? [] : [`-H "Authorization: Bearer $${token}"`]),
    ...(type === undefined
      ? []
      : [`-H 'Content-Type: ${type}'`, `-d '${text.replaceAll("'", String.raw`'\''`)}'`]),
  ].join(' \\\n  ')
}

function javascript({ method, path, token, type, text }: Request): string {
  const headers = [
    ...(token === undefined ? [] : [`Authorization: \`Bearer \${process.env.${token}}\``]),
    ...(type === undefined ? [] : [`'Content-Type': '${type}'`]),
  ]
  const options = [
    ...(method === 'GET' ? [] : [`  method: '${method}',`]),
    ...(headers.length === 0 ? [] : [`  headers: { ${headers.join(', ')} },`]),
    ...(type === undefined ? [] : [`  body: ${JSON.stringify(text)},`]),
  ]
  const rest = options.length === 0 ? '' : `, {\n${options.join('\n')}\n}`
  return [
    `const response = await fetch(process.env.BASE + ${JSON.stringify(path)}${rest})`,
    'console.log(response.status, await response.text())',
  ].join('\n')
}

function python({ method, path, token, type, text }: Request): string {
  const headers = [
    ...(token === undefined ? [] : [`"Authorization": "Bearer " + os.environ["${token}"]`]),
    ...(type === undefined ? [] : [`"Content-Type": "${type}"`]),
  ]
  return [
    'import os, urllib.request',
    '',
    'request = urllib.request.Request(',
    `    os.environ["BASE"] + ${JSON.stringify(path)},`,
    `    method="${method}",`,
    `    headers={${headers.join(', ')}},`,
    ...(type === undefined ? [] : [`    data=${JSON.stringify(text)}.encode(),`]),
    ')',
    'with urllib.request.urlopen(request) as response:',
    '    print(response.status, response.read().decode())',
  ].join('\n')
}
