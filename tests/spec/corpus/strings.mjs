// Strings and their escapes, read back from what was stored. https://spec.graphql.org/draft/#sec-String-Value

/** A mutation that stores a literal as `data`. */
const stored = (literal) => ({
  query: `mutation{createActivity(input:{userId:"strings",type:LOGIN,title:"t",data:{text:${literal}}}){data title}}`, compare: true,
});

const TAKEN = [
  '""', '"a"', '"é 😀 \u2028 \u007f"', '"\\uD83D\\uDE00"', '"\\u{1F600}"', '"\\u0041\\u{41}\\u{0041}\\u{00000041}"', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\u00e9\\u00E9"', '"\\u{10FFFF}"',
  '"\\u{FFFF}\\uFFFF"', '"\\u{D7FF}\\u{E000}"', '"#no comment"', '"{}[]()"', '"\\u{0}"', '"\\u0000"', '"\\u{7}"', '"\tx"', '"a,b"', '"$a"', '"...F"',
  '""""""', '"""a"""', '"""\n  a\n    b\n  """', '"""a\n  b\n    c"""', '"""  a\n  b"""', '"""\r\n  a\r\n  b\r  c"""', '"""\\""""""', '"""a\\"""b"""', '""" "q" """',
  '"""\\n \\u0041 \\\\"""', '"""\n\n\n a\n\n\n"""', '"""\t\n\ta\n\t b"""', '"""a\n \n  b"""', '"""é 😀"""', '"""\\\\"""', '"""   """', '"""\n   \n"""', '"""a""" #c\n', '"""a b\u2028 c"""',
];

const REFUSED = [
  '"a', '"', '"""a', '"""', '"""a"""b"""', '"a\nb"', '"a\rb"', '"\\q"', '"\\x41"', '"\\u12"', '"\\u12g4"', '"\\u{}"', '"\\u{110000}"', '"\\u{D800}"', '"\\uD83D"', '"\\uD83Dx"', '"\\uDE00"',
  '"\\uDE00\\uD83D"', '"\\uD83D\\u{DE00}"', '"\\uD83D\\uD83D\\uDE00"', '"\\u{1F600"', '"\\u{1F60000000}"', '"\\u{ 41}"', '"\\u{-1}"', '"\\U0041"', '"\\\'"', '"\\"', "'a'", '"\u0000"', '"\u0007"', '"""\u0000"""',
  '"""\u0007"""', '"\u000b"', '`a`', '“a”', '"a" "b"',
];

export default [
  ...TAKEN.map(stored),
  ...REFUSED.map(stored),
  // The same characters, however they are written, are the same user.
  '{unreadActivityCount(userId:"\\u00e9\\uD83D\\uDE00")}', '{unreadActivityCount(userId:"\\u{e9}\\u{1F600}")}', '{unreadActivityCount(userId:"é😀")}',
  '{unreadActivityCount(userId:"""é😀""")}', '{unreadActivityCount(userId:"""\n  bob\n""")}', '{unreadActivityCount(userId:"""  bob""")}',
  '{unreadActivityCount(userId:"b\\u006fb")}', '{unreadActivityCount(userId:"bob\\n")}', '{unreadActivityCount(userId:"")}',
  ['query($u:ID="\\u00e9\\uD83D\\uDE00"){unreadActivityCount(userId:$u)}', {}], ['query($u:ID){unreadActivityCount(userId:$u)}', { u: 'é😀' }],
];
