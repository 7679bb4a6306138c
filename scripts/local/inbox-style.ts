/** The look of the inbox: one column, from 320 px up, light and dark. */
export const INBOX_STYLE = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f4f5f7, #14161a);
  --card: light-dark(#fff, #1e2127);
  --line: light-dark(#d9dce1, #353a43);
  --text: light-dark(#1c1e21, #e8eaed);
  --quiet: light-dark(#565d67, #a3abb7);
  --accent: light-dark(#1a4fd6, #9dbbff);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 46rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.5rem; }
h1 { margin: 0; font-size: 1.5rem; }
h2 { margin: 0; font-size: 1.125rem; }
p { margin: .25rem 0; color: var(--quiet); }
#status { min-height: 1.5em; margin-bottom: 1rem; font-size: .875rem; }
#status::before { content: ""; display: inline-block; width: .5rem; height: .5rem; margin-right: .5rem;
  border-radius: 50%; background: light-dark(#1b7f3b, #5fd38a); }
#status.is-lost::before { background: light-dark(#b3261e, #ff8a80); }
article, .empty { margin-bottom: .75rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card);
  overflow: hidden; }
.empty { padding: 1.25rem; }
article.is-new { border-color: var(--accent); }
summary { display: grid; grid-template-columns: 1fr auto; gap: 0 .75rem; padding: .75rem 1rem; cursor: pointer;
  list-style: none; }
summary::-webkit-details-marker { display: none; }
summary:hover .subject { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
.subject { font-weight: 600; overflow-wrap: anywhere; }
time, .to, .preview, dl { color: var(--quiet); font-size: .875rem; }
.to, .preview { grid-column: 1 / -1; overflow-wrap: anywhere; }
.preview { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
details[open] .to, details[open] .preview { display: none; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 .75rem; margin: 0; padding: 0 1rem .75rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.views { display: flex; flex-wrap: wrap; border-top: 1px solid var(--line); }
.views input { position: absolute; opacity: 0; }
.views label { padding: .5rem 1rem; color: var(--quiet); font-size: .875rem; cursor: pointer;
  border-bottom: 2px solid transparent; }
.views input:checked + label { color: var(--text); border-color: var(--accent); }
.views input:focus-visible + label { outline: 2px solid var(--accent); outline-offset: -2px; }
.views iframe, .views pre { flex: 0 0 100%; width: 100%; margin: 0; border: 0; border-top: 1px solid var(--line); }
.views iframe { height: 30rem; background: #fff; }
.views iframe.is-short { height: 16rem; }
pre { overflow-x: auto; font: .875rem/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.views pre { padding: 1rem; }
.views:has(.as-html:checked) pre, .views:has(.as-text:checked) iframe { display: none; }
.link { display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: baseline; padding: .625rem 1rem;
  border-top: 1px solid var(--line); color: var(--accent); font-size: .875rem; text-decoration: none; }
.link:hover b { text-decoration: underline; }
.link span { color: var(--quiet); overflow-wrap: anywhere; }
#try { margin: .75rem 0 0; padding: .75rem; border-radius: .375rem; background: var(--page); user-select: all; }
@media (max-width: 30rem) { .views iframe:not(.is-short) { height: 26rem; } header, main { padding-inline: .75rem; } }
`
