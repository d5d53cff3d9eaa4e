//! Pure: miniCBF, a text header and one binary section with byte offsets.

use super::byte_offset::{Deltas, Element};
use super::reduce::Reducer;
use super::{FrameError, Picture, Shape};
use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use md5::{Digest, Md5};

/// What begins the file.
const MAGIC: &[u8] = b"###CBF";
/// What begins the binary section.
const SECTION: &[u8] = b"--CIF-BINARY-FORMAT-SECTION--";
/// What stands between the section's header and its bytes.
const START: &[u8] = &[0x0c, 0x1a, 0x04, 0xd5];
/// Bytes of the text before the section, at most.
const LONGEST_TEXT: usize = 1 << 20;
/// Bytes of the section's header, at most.
const LONGEST_HEADER: usize = 8 << 10;
/// Bytes of comments before the magic, at most.
const LONGEST_COMMENT: usize = 4 << 10;
/// The digest of nothing, which some detectors write instead of none.
const DIGEST_OF_NOTHING: &str = "1B2M2Y8AsgTpgAmY7PhCfg==";

/// Whether `file` begins as a CBF. Some programs write comments of their own before the magic.
#[must_use]
pub fn is_cbf(file: &[u8]) -> bool {
    let mut lines = head(file, LONGEST_COMMENT).split_inclusive(|byte| *byte == b'\n');
    let comment = |line: &[u8]| line.starts_with(b"#") || line.trim_ascii().is_empty();
    lines
        .find(|line| line.starts_with(MAGIC) || !comment(line))
        .is_some_and(|line| line.starts_with(MAGIC))
}

/// The picture of the first frame in `file`.
///
/// # Errors
/// [`FrameError`]; damage inside the pixels is found by their digest, where the file has one.
pub fn picture(file: &[u8]) -> Result<Picture, FrameError> {
    let section = Section::find(file)?;
    section.check_digest()?;
    let mut deltas = Deltas::new(section.bytes);
    let mut reducer = Reducer::new(section.shape, section.saturation);
    let mut row = vec![0; section.shape.width];
    for number in 0..section.shape.height {
        deltas.fill(&mut row).map_err(|_| {
            damaged(format!(
                "its pixels end in row {number} of {}",
                section.shape.height
            ))
        })?;
        section.element.wrap(&mut row);
        reducer.push(&row);
    }
    if deltas.left() > 0 && section.digest.is_none() {
        return Err(damaged(format!(
            "{} bytes are left after its last pixel",
            deltas.left()
        )));
    }
    Ok(reducer.finish())
}

/// The binary section: what its header says, checked, and its bytes.
struct Section<'a> {
    shape: Shape,
    element: Element,
    /// The count from which on a pixel is saturated.
    saturation: i32,
    /// MD5 of the bytes, in base64.
    digest: Option<String>,
    bytes: &'a [u8],
}

impl<'a> Section<'a> {
    fn find(file: &'a [u8]) -> Result<Self, FrameError> {
        let text_end = position(head(file, LONGEST_TEXT), SECTION)
            .ok_or_else(|| damaged("it has no binary section".to_owned()))?;
        let (text, section) = file.split_at(text_end);
        let header_end = position(head(section, LONGEST_HEADER), START)
            .ok_or_else(|| damaged("its binary section does not begin".to_owned()))?;
        let (header, bytes) = section.split_at(header_end);
        let bytes = bytes.get(START.len()..).unwrap_or_default();
        let header = Header(String::from_utf8_lossy(header).into_owned());
        let element = header.format()?;

        let width = header.number("X-Binary-Size-Fastest-Dimension")?;
        let height = header.number("X-Binary-Size-Second-Dimension")?;
        let shape = Shape::new(width, height)?;
        if header.optional("X-Binary-Size-Third-Dimension")?.unwrap_or(1) > 1 {
            return Err(FrameError::Unsupported("this has several frames".to_owned()));
        }
        let pixels = shape.pixels();
        if let Some(elements) = header.optional("X-Binary-Number-of-Elements")? {
            if usize::try_from(elements) != Ok(pixels) {
                return Err(damaged(format!(
                    "{width} by {height} pixels are not the {elements} of its header"
                )));
            }
        }
        let size = header.number("X-Binary-Size")?;
        let there = bytes.len();
        let bytes = usize::try_from(size)
            .ok()
            .and_then(|size| bytes.get(..size))
            .ok_or_else(|| damaged(format!("it ends after {there} of its {size} bytes of pixels")))?;
        // A pixel is at least one byte, so no header makes more pixels than the file has bytes.
        if bytes.len() < pixels {
            return Err(damaged(format!("{size} bytes cannot hold its {pixels} pixels")));
        }
        Ok(Self {
            shape,
            element,
            saturation: saturation(text).unwrap_or(element.highest()),
            digest: header
                .value("Content-MD5")
                .filter(|digest| *digest != DIGEST_OF_NOTHING)
                .map(str::to_owned),
            bytes,
        })
    }

    fn check_digest(&self) -> Result<(), FrameError> {
        let Some(digest) = &self.digest else {
            return Ok(());
        };
        let found = STANDARD.encode(Md5::digest(self.bytes));
        if found.trim_end_matches('=') == digest.trim_end_matches('=') {
            Ok(())
        } else {
            Err(damaged("its pixels do not have its Content-MD5".to_owned()))
        }
    }
}

/// The section's header: `name: value` on lines of their own, some of which go on.
struct Header(String);

impl Header {
    fn value(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found
                .trim()
                .eq_ignore_ascii_case(name)
                .then(|| value.trim().trim_end_matches(';').trim_matches('"').trim())
        })
    }

    fn optional(&self, name: &str) -> Result<Option<u64>, FrameError> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let number = value.parse().map_err(|_| {
            let shown: String = value.chars().take(32).collect();
            damaged(format!("its {name} is {shown:?}"))
        })?;
        Ok(Some(number))
    }

    fn number(&self, name: &str) -> Result<u64, FrameError> {
        self.optional(name)?
            .ok_or_else(|| damaged(format!("its header has no {name}")))
    }

    /// What the pixels are, if they are stored in the way that is read here.
    fn format(&self) -> Result<Element, FrameError> {
        let unsupported = |what: &str| Err(FrameError::Unsupported(what.to_owned()));
        if !self.0.to_ascii_lowercase().contains("x-cbf_byte_offset") {
            return unsupported("this CBF is compressed in another way");
        }
        let is = |name, expected: &[&str]| match self.value(name) {
            Some(value) => expected.iter().any(|one| value.eq_ignore_ascii_case(one)),
            None => true,
        };
        if !is("Content-Transfer-Encoding", &["BINARY"]) {
            return unsupported("this CBF holds its pixels as text");
        }
        if !is("X-Binary-Element-Byte-Order", &["LITTLE_ENDIAN"]) {
            return unsupported("this CBF is big-endian");
        }
        let integers = [
            ("signed 32-bit integer", Element::I32),
            ("unsigned 32-bit integer", Element::U32),
            ("signed 16-bit integer", Element::I16),
            ("unsigned 16-bit integer", Element::U16),
            ("signed 8-bit integer", Element::I8),
            ("unsigned 8-bit integer", Element::U8),
        ];
        let Some(value) = self.value("X-Binary-Element-Type") else {
            return Ok(Element::I32);
        };
        match integers.iter().find(|(name, _)| value.eq_ignore_ascii_case(name)) {
            Some((_, element)) => Ok(*element),
            None => unsupported("the pixels of this CBF are no integers of 8, 16 or 32 bits"),
        }
    }
}

/// The detector's `# Count_cutoff 1048500 counts`; some programs write `=` or `:` before the number, or a float.
fn saturation(text: &[u8]) -> Option<i32> {
    const NAME: &[u8] = b"Count_cutoff";
    let at = position(text, NAME)? + NAME.len();
    let line = text.get(at..)?.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let number = line
        .trim_start_matches(|one: char| one.is_whitespace() || one == '=' || one == ':')
        .split_whitespace()
        .next()?;
    let number = number.parse::<f64>().ok().filter(|number| *number >= 1.0)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float becomes an integer by saturating"
    )]
    Some(number as i32)
}

fn damaged(what: String) -> FrameError {
    FrameError::Damaged(what)
}

fn head(bytes: &[u8], longest: usize) -> &[u8] {
    bytes.get(..longest).unwrap_or(bytes)
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
