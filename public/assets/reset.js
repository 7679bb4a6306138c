// What the reset pages do besides, where scripts run: everything works without.
const html = document.documentElement

// A password can be shown.
for (const input of document.querySelectorAll('input[data-show]')) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'reveal'
  button.textContent = input.dataset.show
  button.setAttribute('aria-controls', input.id)
  const row = document.createElement('div')
  row.className = 'revealing'
  input.replaceWith(row)
  row.append(input, button)
  button.addEventListener('click', () => {
    const isShown = input.type === 'text'
    input.type = isShown ? 'password' : 'text'
    button.textContent = isShown ? input.dataset.show : input.dataset.hide
  })
  // It is sent as a password, so that browsers keep it as one.
  input.form.addEventListener('submit', () => {
    input.type = 'password'
  })
}

// A time to wait is counted down, in the words of the page's language.
for (const element of document.querySelectorAll('[data-wait]')) {
  const endsAt = Date.now() + Number(element.dataset.wait) * 1000
  const [before, after] = around(element)
  if (before === undefined) continue
  const timer = setInterval(() => {
    const seconds = Math.ceil((endsAt - Date.now()) / 1000)
    if (seconds > 0) element.textContent = before + words(seconds) + after
    else if (element.dataset.ready) element.textContent = element.dataset.ready
    if (seconds <= 0) clearInterval(timer)
  }, 1000)
}

/** The text around the duration, which the server has put in the same words. */
function around(element) {
  const said = words(Number(element.dataset.wait))
  const parts = element.textContent.split(said)
  return parts.length === 2 ? parts : []
}

function words(seconds) {
  if (seconds < 60) return inUnits(seconds, 'second')
  const minutes = Math.round(seconds / 60)
  return minutes % 60 === 0 ? inUnits(minutes / 60, 'hour') : inUnits(minutes, 'minute')
}

function inUnits(count, unit) {
  const text = new Intl.NumberFormat(html.lang, { style: 'unit', unit, unitDisplay: 'long' }).format(count)
  return /^(ja|zh)/.test(html.lang) ? text.replace(/\s/g, '') : text
}

// A form is sent once, however often its button is pressed.
for (const form of document.forms) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) event.preventDefault()
    form.dataset.sent = 'true'
  })
}
// Whoever comes back may send again.
addEventListener('pageshow', () => {
  for (const form of document.forms) delete form.dataset.sent
})
