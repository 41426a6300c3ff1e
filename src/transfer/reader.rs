//! Documents of a file, one after the other, in bounded memory.
//!
//! A file is a document a line, or documents over several lines as `--pretty` writes them, or one array. A document
//! that is broken costs only itself: the next line, or the next member of the array, is read as if nothing had been.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use flate2::bufread::MultiGzDecoder;

/// The most that a document has in bytes; MongoDB has the same limit.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// What is read at once.
const BUFFER: usize = 256 * 1024;
/// With these a compressed file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// One document, or what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    /// The line on which it begins, from 1.
    pub(super) line: u64,
    /// Its bytes, or a sentence.
    pub(super) document: Result<&'a [u8], String>,
}

/// How documents lie in the file.
#[derive(Clone, Copy)]
enum Shape {
    Unknown,
    Lines,
    Array,
    End,
}

/// The documents of one file.
pub(super) struct Documents<R> {
    input: R,
    shape: Shape,
    /// The line that is being read, from 1.
    line: u64,
    document: Vec<u8>,
    most: usize,
}

/// Looks whether a file can be read, so that one of many is not found missing at the end. What can be read only once, a
/// pipe, is left alone.
pub(super) fn check(path: &Path) -> io::Result<()> {
    if path.as_os_str() == "-" {
        return Ok(());
    }
    let kind = std::fs::metadata(path)?.file_type();
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if kind.is_file() { open(path, |_| {}).map(drop) } else { Ok(()) }
}

/// Opens a file, or standard input for `-`; `count` is told of every byte that is taken from it.
pub(super) fn open(
    path: &Path,
    count: impl Fn(u64) + Send + 'static,
) -> io::Result<Documents<Box<dyn BufRead + Send>>> {
    let file: Box<dyn Read + Send> = match path.as_os_str() == "-" {
        true => Box::new(io::stdin()),
        false => Box::new(File::open(path)?),
    };
    let mut input = BufReader::with_capacity(BUFFER, Counted { input: file, count });
    let compressed = input.fill_buf()?.starts_with(&GZIP);
    let mut input: Box<dyn BufRead + Send> = match compressed {
        true => Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(input))),
        false => Box::new(input),
    };
    // BSON begins with the length of its first document in four bytes, and no text has a zero.
    if input.fill_buf()?.iter().take(4).any(|byte| *byte == 0) {
        let problem = "it is not JSON; a dump of mongodump is to be exported anew with mongoexport";
        return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
    }
    Ok(Documents::new(input))
}

struct Counted<R, F> {
    input: R,
    count: F,
}

impl<R: Read, F: Fn(u64)> Read for Counted<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        (self.count)(read as u64);
        Ok(read)
    }
}

impl<R: BufRead> Documents<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, shape: Shape::Unknown, line: 1, document: Vec::new(), most: MAX_BYTES }
    }

    /// The next document; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Found<'_>>> {
        if let Shape::Unknown = self.shape {
            self.shape = self.detect()?;
        }
        match self.shape {
            Shape::Lines => self.next_of_lines(),
            Shape::Array => self.next_of_array(),
            Shape::Unknown | Shape::End => Ok(None),
        }
    }

    fn detect(&mut self) -> io::Result<Shape> {
        // Some editors put a byte order mark first.
        self.skip(|byte| byte.is_ascii_whitespace() || b"\xef\xbb\xbf".contains(&byte))?;
        Ok(match self.peek()? {
            Some(b'[') => {
                self.input.consume(1);
                Shape::Array
            }
            Some(_) => Shape::Lines,
            None => Shape::End,
        })
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.input.fill_buf()?.first().copied())
    }

    /// Passes over bytes, counting lines.
    fn skip(&mut self, wanted: impl Fn(u8) -> bool) -> io::Result<()> {
        while let Some(byte) = self.peek()?.filter(|byte| wanted(*byte)) {
            self.line += u64::from(byte == b'\n');
            self.input.consume(1);
        }
        Ok(())
    }

    fn next_of_lines(&mut self) -> io::Result<Option<Found<'_>>> {
        self.document.clear();
        let mut first = self.line;
        loop {
            let start = self.document.len();
            let whole = self.read_line()?;
            let ended = self.peek()?.is_none();
            let line = self.document[start..].trim_ascii();
            // A document over several lines begins and ends with a brace at the start of a line of its own.
            let opens = start == 0 && line == b"{";
            let closes = start > 0 && self.document[start..].trim_ascii_end() == b"}";
            if start == 0 && line.is_empty() && whole {
                if ended {
                    return Ok(None);
                }
                self.document.clear();
                first = self.line;
            } else if !whole {
                return Ok(Some(Found { line: first, document: Err(too_large(self.most)) }));
            } else if ended || closes || (start == 0 && !opens) {
                return Ok(Some(Found { line: first, document: Ok(self.document.trim_ascii()) }));
            }
        }
    }

    /// Adds a line to the document; false where it did not fit, and was passed over.
    fn read_line(&mut self) -> io::Result<bool> {
        let room = self.most.saturating_sub(self.document.len()) + 1;
        let read = (&mut self.input).take(room as u64).read_until(b'\n', &mut self.document)?;
        self.line += u64::from(read > 0);
        if read < room || self.document.ends_with(b"\n") {
            return Ok(true);
        }
        loop {
            let buffer = self.input.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(buffer.len(), |end| end + 1);
            self.input.consume(length);
            if end.is_some() || length == 0 {
                return Ok(false);
            }
        }
    }

    fn next_of_array(&mut self) -> io::Result<Option<Found<'_>>> {
        self.skip(|byte| byte.is_ascii_whitespace() || byte == b',')?;
        let line = self.line;
        match self.peek()? {
            Some(b']') => {
                self.input.consume(1);
                self.skip(|byte| byte.is_ascii_whitespace())?;
                self.shape = Shape::End;
                let rest = self.peek()?.is_some();
                let document = Err("Something follows the end of the array.".to_owned());
                return Ok(rest.then_some(Found { line: self.line, document }));
            }
            None => {
                self.shape = Shape::End;
                return Ok(Some(Found { line, document: Err("The array does not end.".to_owned()) }));
            }
            Some(_) => {}
        }
        let whole = self.read_member()?;
        let document = match (whole, self.document.len() > self.most) {
            (_, true) => Err(too_large(self.most)),
            (true, _) => Ok(self.document.trim_ascii()),
            (false, _) => {
                self.shape = Shape::End;
                Err("The file ends in the middle of a document.".to_owned())
            }
        };
        Ok(Some(Found { line, document }))
    }

    /// Reads up to the comma or bracket after a member; false where the file ends first. Of a member that is too large
    /// only so much is kept that this shows.
    fn read_member(&mut self) -> io::Result<bool> {
        self.document.clear();
        let (mut depth, mut in_text, mut escaped) = (0u64, false, false);
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Ok(false);
            }
            let end = buffer.iter().position(|byte| {
                self.line += u64::from(*byte == b'\n');
                if in_text {
                    (in_text, escaped) = (escaped || *byte != b'"', !escaped && *byte == b'\\');
                    return false;
                }
                match byte {
                    b',' | b']' if depth == 0 => return true,
                    b'"' => in_text = true,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                false
            });
            let length = end.unwrap_or(buffer.len());
            let room = (self.most + 1).saturating_sub(self.document.len());
            self.document.extend_from_slice(&buffer[..length.min(room)]);
            self.input.consume(length);
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

fn too_large(most: usize) -> String {
    format!("The document has more than {most} bytes.")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All documents of `text`, read in pieces of `piece` bytes; those in `!` are sentences.
    fn all(text: &str, piece: usize) -> Vec<(u64, String)> {
        let mut documents = Documents::new(BufReader::with_capacity(piece, text.as_bytes()));
        documents.most = 40;
        let mut found = Vec::new();
        while let Some(Found { line, document }) = documents.next().unwrap() {
            let shown = document.map_or_else(
                |error| format!("!{error}"),
                |bytes| String::from_utf8_lossy(bytes).into_owned(),
            );
            found.push((line, shown));
        }
        found
    }

    #[track_caller]
    fn check(text: &str, expected: &[(u64, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(line, shown)| (*line, (*shown).to_owned())).collect();
        for piece in [1, 2, 7, 4_096] {
            assert_eq!(all(text, piece), expected, "in pieces of {piece}: {text}");
        }
    }

    #[test]
    fn lines() {
        check("", &[]);
        check("\n \n", &[]);
        check(
            "{\"a\":1}\n\n  {\"b\":2}\r\n{\"c\":3}",
            &[(1, "{\"a\":1}"), (3, "{\"b\":2}"), (4, "{\"c\":3}")],
        );
        check("\u{feff}\n{}\n", &[(2, "{}")]);
        check("{\"a\":\"\n{\"b\":2}\n", &[(1, "{\"a\":\""), (2, "{\"b\":2}")]);
    }

    #[test]
    fn documents_over_several_lines() {
        check(
            "{\n\t\"a\": {\n\t}\n}\n{\n\t\"b\": 2\n}\n",
            &[(1, "{\n\t\"a\": {\n\t}\n}"), (5, "{\n\t\"b\": 2\n}")],
        );
        check("{\n\t\"a\": 1\n", &[(1, "{\n\t\"a\": 1")]);
    }

    #[test]
    fn arrays() {
        check("[]", &[]);
        check(
            " [{\"a\":\"],\\\"}\"},\n{\"b\":[1,{}]}\n,{}]\n",
            &[(1, "{\"a\":\"],\\\"}\"}"), (2, "{\"b\":[1,{}]}"), (3, "{}")],
        );
        check("[1,{}]", &[(1, "1"), (1, "{}")]);
        check("[{}", &[(1, "!The file ends in the middle of a document.")]);
        check("[{},\n", &[(1, "{}"), (2, "!The array does not end.")]);
        check("[{}]\n{}", &[(1, "{}"), (2, "!Something follows the end of the array.")]);
    }

    #[test]
    fn what_is_too_large_is_passed_over() {
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(100));
        let refused = "!The document has more than 40 bytes.";
        check(&format!("{large}\n{{}}\n"), &[(1, refused), (2, "{}")]);
        check(&format!("[{large},\n{{}}]"), &[(1, refused), (2, "{}")]);
        check(&large, &[(1, refused)]);
    }
}
