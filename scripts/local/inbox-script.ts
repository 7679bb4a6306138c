/**
 * What the inbox does by itself: it adds new mails on top and leaves what is open, scrolled to or
 * selected as it is. It asks only while somebody looks.
 */
export const INBOX_SCRIPT = `
const PAUSE_MS = 2000
const list = document.getElementById('mails')
const status = document.getElementById('status')
const title = document.title
let unseen = 0

for (const time of document.querySelectorAll('time')) showLocally(time)
const command = document.getElementById('try')
if (command) command.textContent = command.textContent.replace('localhost:PORT', location.host)
list.addEventListener('click', ({ target }) => target.closest('article')?.classList.remove('is-new'))
addEventListener('focus', () => tell(0))
setInterval(() => { if (!document.hidden) void refresh() }, PAUSE_MS)
document.addEventListener('visibilitychange', () => { if (!document.hidden) void refresh() })

async function refresh() {
  const headers = { 'If-None-Match': list.dataset.tag }
  const answer = await fetch(location.pathname, { headers, cache: 'no-store' }).catch(() => undefined)
  const isThere = answer?.status === 200 || answer?.status === 304
  status.classList.toggle('is-lost', !isThere)
  if (!isThere) status.textContent = 'The service does not answer. Mails appear again once it runs.'
  else if (answer.status === 304) { if (unseen === 0) tell(0) }
  else add(new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('mails'))
}

function add(newest) {
  list.dataset.tag = newest.dataset.tag
  const arrived = [...newest.querySelectorAll('article')].filter(({ id }) => !document.getElementById(id))
  if (arrived.length === 0) return tell(0)
  const wasEmpty = list.querySelector('article') === null
  list.querySelector('.empty')?.remove()
  for (const article of arrived.reverse()) {
    const details = article.querySelector('details')
    if (!wasEmpty) { details.open = false; article.classList.add('is-new') }
    showLocally(article.querySelector('time'))
    list.prepend(document.adoptNode(article))
  }
  tell(unseen + arrived.length)
}

function tell(count) {
  unseen = count
  document.title = count === 0 ? title : '(' + count + ') ' + title
  status.textContent = count === 0 ? 'New mails appear here by themselves.' : count + (count === 1 ? ' new mail.' : ' new mails.')
}

function showLocally(time) {
  time.textContent = new Date(time.dateTime).toLocaleTimeString()
}
`
