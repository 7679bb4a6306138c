/**
 * How a code is said on the telephone: the words that speakers of a language spell letters with, and its digits.
 * Letters that a language has no list for are spelled with the words of NATO.
 */

type Spelling = { name: string; letters: string; digits: string }

/** From A to Z, and from 0 to 9. */
const SPELLINGS = {
  en: {
    name: 'English (NATO)',
    letters:
      'Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec Romeo Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu',
    digits: 'zero one two three four five six seven eight nine',
  },
  de: {
    name: 'Deutsch (DIN 5009)',
    letters:
      'Aachen Berlin Chemnitz Düsseldorf Essen Frankfurt Goslar Hamburg Ingelheim Jena Köln Leipzig München Nürnberg Offenbach Potsdam Quickborn Rostock Salzwedel Tübingen Unna Völklingen Wuppertal Xanten Ypsilon Zwickau',
    digits: 'null eins zwo drei vier fünf sechs sieben acht neun',
  },
  fr: {
    name: 'Français',
    letters:
      'Anatole Berthe Célestin Désiré Eugène François Gaston Henri Irma Joseph Kléber Louis Marcel Nicolas Oscar Pierre Quintal Raoul Suzanne Thérèse Ursule Victor William Xavier Yvonne Zoé',
    digits: 'zéro un deux trois quatre cinq six sept huit neuf',
  },
  es: {
    name: 'Español',
    letters:
      'Antonio Burgos Carmen Dolores Enrique Francia Gerona Historia Inés José Kilo Lorenzo Madrid Navarra Oviedo París Querido Ramón Sábado Tarragona Ulises Valencia Washington Xilófono Yegua Zaragoza',
    digits: 'cero uno dos tres cuatro cinco seis siete ocho nueve',
  },
  it: {
    name: 'Italiano',
    letters:
      'Ancona Bologna Como Domodossola Empoli Firenze Genova Hotel Imola Jolly Kappa Livorno Milano Napoli Otranto Palermo Quarto Roma Savona Torino Udine Venezia Washington Ics York Zara',
    digits: 'zero uno due tre quattro cinque sei sette otto nove',
  },
  pt: {
    name: 'Português',
    letters:
      'Aveiro Braga Coimbra Dafundo Évora Faro Guarda Horta Itália José Kodak Lisboa Maria Nazaré Ovar Porto Queluz Rossio Setúbal Tavira Unidade Vidago Waldemar Xavier York Zulmira',
    digits: 'zero um dois três quatro cinco seis sete oito nove',
  },
  nl: {
    name: 'Nederlands',
    letters:
      'Anna Bernard Cornelis Dirk Eduard Ferdinand Gerard Hendrik Izaak Jan Karel Lodewijk Maria Nico Otto Pieter Quotiënt Rudolf Simon Teunis Utrecht Victor Willem Xantippe Ypsilon Zaandam',
    digits: 'nul een twee drie vier vijf zes zeven acht negen',
  },
  pl: {
    name: 'Polski',
    letters:
      'Adam Barbara Celina Dorota Ewa Franciszek Genowefa Henryk Irena Jadwiga Karol Leon Maria Natalia Olga Paweł Quebec Roman Stanisław Tadeusz Urszula Violetta Wacław Xawery Ypsylon Zygmunt',
    digits: 'zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć',
  },
  tr: {
    name: 'Türkçe',
    letters:
      'Ankara Bolu Ceyhan Denizli Edirne Fatsa Giresun Hatay Isparta Jandarma Kars Lüleburgaz Muş Niğde Ordu Polatlı Q-klavye Rize Sinop Tokat Uşak Van W-dablvu X-iks Yozgat Zonguldak',
    digits: 'sıfır bir iki üç dört beş altı yedi sekiz dokuz',
  },
  ja: { name: '日本語', letters: '', digits: 'ゼロ いち に さん よん ご ろく なな はち きゅう' },
  ko: { name: '한국어', letters: '', digits: '공 일 이 삼 사 오 육 칠 팔 구' },
  zh: { name: '中文', letters: '', digits: '零 一 二 三 四 五 六 七 八 九' },
  ar: { name: 'العربية', letters: '', digits: 'صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة' },
  he: { name: 'עברית', letters: '', digits: 'אפס אחת שתיים שלוש ארבע חמש שש שבע שמונה תשע' },
} satisfies Record<string, Spelling>

export type SpellingLanguage = keyof typeof SPELLINGS

export const SPELLING_LANGUAGES = Object.entries(SPELLINGS).map(([tag, { name }]) => [tag, name] as const)

/** The list for a language tag such as `de-CH`, else that of NATO. */
export function spellingLanguage(tag: string | null | undefined): SpellingLanguage {
  const language = (tag ?? '').split('-')[0]?.toLowerCase() ?? ''
  return Object.hasOwn(SPELLINGS, language) ? (language as SpellingLanguage) : 'en'
}

/** The words for the symbols of a code, in their order; separators have none. */
export function spell(code: string, language: SpellingLanguage): { symbol: string; word: string }[] {
  const { letters, digits } = SPELLINGS[language]
  const words = (letters || SPELLINGS.en.letters).split(' ')
  const numbers = digits.split(' ')
  return code
    .toUpperCase()
    .split('')
    .flatMap((symbol) => {
      if (/[0-9]/.test(symbol)) return [{ symbol, word: numbers[Number(symbol)] ?? symbol }]
      if (/[A-Z]/.test(symbol)) return [{ symbol, word: words[symbol.charCodeAt(0) - 65] ?? symbol }]
      return []
    })
}

/** A code in groups of at most four, as equal as can be: 12 symbols are three fours, 10 are a four and two threes. */
export function grouped(code: string): string[] {
  const symbols = code.replace(/[^0-9A-Za-z]/g, '')
  const count = Math.ceil(symbols.length / 4)
  const [size, more] = [Math.floor(symbols.length / count), symbols.length % count]
  let at = 0
  return Array.from({ length: count }, (_, index) => {
    const group = symbols.slice(at, at + size + (index < more ? 1 : 0))
    at += group.length
    return group
  })
}
