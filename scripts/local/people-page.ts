/** The people of the local OpenID provider, and the page on which somebody chooses to be one of them. */

export const PEOPLE: readonly { name: string; email: string; groups: readonly string[]; about: string }[] = [
  { name: 'Helen Desk', email: 'helen@demo.example', groups: ['help-desk'], about: 'help desk' },
  {
    name: 'Hugo Desk',
    email: 'hugo@demo.example',
    groups: ['help-desk'],
    about: 'help desk, the second person',
  },
  { name: 'Sam Admin', email: 'sam@demo.example', groups: ['super-admin'], about: 'super-admin' },
  {
    name: 'Jane Saoirse',
    email: 'jane.saoirse@example.com',
    groups: [],
    about: 'a user, who calls the help desk',
  },
  { name: 'User One', email: 'user1@example.com', groups: [], about: 'a user' },
  { name: 'User Two', email: 'user2@example.com', groups: [], about: 'a user' },
]

const STYLE =
  ':root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}body{max-width:34rem;margin:3rem auto;padding:0 1rem}' +
  'ul{list-style:none;padding:0}a{display:block;padding:.75rem 1rem;margin:.5rem 0;border:1px solid;border-radius:.5rem;' +
  'text-decoration:none;color:inherit}a:hover,a:focus{outline:2px solid}small{opacity:.75}'

/** Every name here is ours. */
export function peoplePage(uid: string): string {
  const people = PEOPLE.map(
    ({ name, email, about }) =>
      `<li><a href="/people/${uid}/as?person=${encodeURIComponent(email)}"><strong>${name}</strong><br>` +
      `<small>${email}: ${about}</small></a></li>`,
  )
  return (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
    `<title>Who are you?</title><style>${STYLE}</style><main><h1>Who are you?</h1>` +
    '<p>This provider is for local runs. It takes your word, and listens to this machine alone.</p>' +
    `<ul>${people.join('')}</ul></main></html>`
  )
}
