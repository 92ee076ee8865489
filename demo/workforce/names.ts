/** Names that nobody bears: words for 'test' and 'example' in many languages, with the shapes that break door systems. */

/** Each can be written in Windows-1252; some only in its upper half (Š, Ž, Œ), which Latin-1 readers get wrong. */
export const givenNames: readonly string[] = [
  'Testa',
  'Testo',
  'Proba',
  'Probus',
  'Exempla',
  'Exemplo',
  'Samplina',
  'Sampler',
  'Demonia',
  'Demonius',
  'Dummia',
  'Dummius',
  'Fiktiva',
  'Fiktivo',
  'Placida-Holda',
  'Mockina',
  'Mocko',
  'Pseudonyma',
  'Attrappa',
  'Versucha',
  'Specimena',
  'Échantilla',
  'Prøvesine',
  'Šablonka',
]

export const familyNames: readonly string[] = [
  'Musterfrau',
  'Mustermann',
  'Beispiel',
  'Probe',
  'Sample',
  'Example',
  'Specimen',
  'Placeholder',
  'Voorbeeld',
  'Exemple',
  'Ejemplo',
  'Esempio',
  'Prøvesen',
  'Esimerkki',
  'Platzhalter',
  'Nobody',
  'Testperson',
  'Attrappe',
  'Œxemple',
  'Žádný',
]

/** Right-to-left scripts: 'trial sample', 'example test' and so on, not names. */
export const rightToLeftNames: readonly (readonly [given: string, family: string])[] = [
  ['تجربة', 'نموذج'],
  ['ניסיון', 'דוגמה'],
  ['مثال', 'اختبار'],
  ['בדיקה', 'לדוגמה'],
]

/** Letters followed by combining marks, never composed: e + U+0301, o + U+0308, n + U+0303, and two marks on one letter. */
export const combiningNames: readonly (readonly [given: string, family: string])[] = [
  ['Teste\u0301', 'Exe\u0301mplaire'],
  ['Probo\u0308', 'Mu\u0308sterling'],
  ['Samplin\u0303a', 'Espe\u0301cimen\u0303o'],
  ['Fikti\u0302va\u0323', 'Vi\u0302\u0301du\u0323'],
]

/** Family names over 48 characters: the first of many words, the second of one, the third with marks at its cutting edge. */
export const longFamilyNames: readonly string[] = [
  'Beispielhausen von und zu Musterstadt an der Probe und Testfelden',
  'Platzhalternamenserprobungsmusterbeispielfamilienname',
  `Voorbeeldachternaam-die-nergens-ophoudt-Mustere${'e\u0301'.repeat(6)}`,
]

export const quoteFamilyNames: readonly string[] = ["O'Sample", "D'Exemple", "O'Placeholder", "Test'Probe"]
