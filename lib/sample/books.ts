import type { Column, Value } from '../result'

export const BOOK_COLUMNS: readonly Column[] = [
  { name: 'title', type: 'text' },
  { name: 'authors', type: 'keyword' },
  { name: 'published', type: 'date' },
  { name: 'pages', type: 'integer' },
  { name: 'price', type: 'double' },
  { name: 'isbn', type: 'long' },
  { name: 'in_stock', type: 'boolean' },
]

/** Titles with commas and quotes, two authors, a missing value and a whole-numbered price: what formats differ in. */
export const BOOKS: readonly (readonly Value[])[] = [
  ['Dune', 'Frank Herbert', '1965-08-01T00:00:00.000Z', 412, 9.99, 9780441013593, true],
  [
    'Good Omens',
    ['Neil Gaiman', 'Terry Pratchett'],
    '1990-05-10T00:00:00.000Z',
    288,
    8.5,
    9780060853983,
    true,
  ],
  [
    'Frankenstein; or, The Modern Prometheus',
    'Mary Shelley',
    '1818-01-01T00:00:00.000Z',
    280,
    7,
    9780141439471,
    false,
  ],
  ['Moby-Dick; or, The Whale', 'Herman Melville', '1851-10-18T00:00:00.000Z', 635, 12, 9780142437247, true],
  [
    'The Left Hand of Darkness',
    'Ursula K. Le Guin',
    '1969-03-01T00:00:00.000Z',
    286,
    9.25,
    9780441478125,
    true,
  ],
  ['Neuromancer', 'William Gibson', '1984-07-01T00:00:00.000Z', 271, 8.99, 9780441569595, false],
  ['"Pride and Prejudice"', 'Jane Austen', '1813-01-28T00:00:00.000Z', null, 5.75, 9780141439518, true],
]
