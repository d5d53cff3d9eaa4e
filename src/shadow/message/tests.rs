#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use rstest::rstest;

/// Returns the framing of each head in turn, and records the events.
struct Notes {
    framings: Vec<Framing>,
    said: Vec<String>,
}

impl Sink for Notes {
    fn head(&mut self, head: &[u8]) -> Result<Framing, Unreadable> {
        self.said
            .push(format!("head {:?}", String::from_utf8_lossy(head)));
        Ok(self.framings.remove(0))
    }

    fn body(&mut self, bytes: &[u8]) {
        match self.said.last_mut() {
            Some(last) if last.starts_with("body ") => *last += &String::from_utf8_lossy(bytes),
            _ => self.said.push(format!("body {}", String::from_utf8_lossy(bytes))),
        }
    }

    fn end(&mut self) {
        self.said.push("end".to_owned());
    }
}

const MESSAGES: &str = "\r\nA\r\nb: c\r\n\r\nfive5B\n\nC\r\n\r\nD\r\n\r\n\
     3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nE\r\n\r\nuntil\r\n\r\nthe end";

#[rstest]
#[case::byte_by_byte(1)]
#[case::in_threes(3)]
#[case::in_sevens(7)]
#[case::at_once(10_000)]
fn messages_are_read_in_pieces_of_any_size(#[case] size: usize) {
    let mut notes = Notes {
        framings: vec![
            Framing::Length(5),
            Framing::Length(0),
            Framing::Interim,
            Framing::Chunked,
            Framing::UntilEnd,
        ],
        said: Vec::new(),
    };
    let mut reader = Reader::new();
    for piece in MESSAGES.as_bytes().chunks(size) {
        reader.read(piece, &mut notes);
    }
    reader.finish(&mut notes);
    assert_eq!(
        notes.said,
        [
            r#"head "A\r\nb: c\r\n\r\n""#,
            "body five5",
            "end",
            r#"head "B\n\n""#,
            "end",
            r#"head "C\r\n\r\n""#,
            r#"head "D\r\n\r\n""#,
            "body abc0123456789",
            "end",
            r#"head "E\r\n\r\n""#,
            "body until\r\n\r\nthe end",
            "end",
        ]
    );
}

#[rstest]
#[case::no_size("xyz\r\n")]
#[case::chunk_without_its_end("1\r\nabc\r\n")]
fn broken_chunks_stop_the_reader(#[case] body: &str) {
    let mut notes = Notes {
        framings: vec![Framing::Chunked],
        said: Vec::new(),
    };
    let mut reader = Reader::new();
    reader.read(format!("A\r\n\r\n{body}").as_bytes(), &mut notes);
    assert!(reader.has_stopped());
    assert!(!notes.said.contains(&"end".to_owned()));
}

#[test]
fn an_endless_head_stops_the_reader() {
    let mut notes = Notes {
        framings: Vec::new(),
        said: Vec::new(),
    };
    let mut reader = Reader::new();
    for _ in 0..=MAX_HEAD / 1000 {
        assert!(!reader.has_stopped());
        reader.read(&[b'a'; 1000], &mut notes);
    }
    assert!(reader.has_stopped());
}

#[test]
fn a_body_that_is_cut_has_no_end() {
    let mut notes = Notes {
        framings: vec![Framing::Length(10)],
        said: Vec::new(),
    };
    let mut reader = Reader::new();
    reader.read(b"A\r\n\r\nabc", &mut notes);
    reader.finish(&mut notes);
    assert_eq!(notes.said.last().unwrap(), "body abc");
}
