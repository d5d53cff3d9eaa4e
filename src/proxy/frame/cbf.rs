//! Pure: miniCBF: a text header and one binary section compressed with byte offsets.

use super::byte_offset::{Deltas, Element};
use super::error::FrameError;
use super::reduce::{Picture, Reducer};
use super::shape::Shape;
use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use md5::{Digest, Md5};

/// The first bytes of the file.
const MAGIC: &[u8] = b"###CBF";
/// The first bytes of the binary section.
const SECTION: &[u8] = b"--CIF-BINARY-FORMAT-SECTION--";
/// Separates the header of the section from its bytes.
const START: &[u8] = &[0x0c, 0x1a, 0x04, 0xd5];
/// Longest text before the section, in bytes.
const LONGEST_TEXT: usize = 1 << 20;
/// Longest header of the section, in bytes.
const LONGEST_HEADER: usize = 8 << 10;
/// Longest comments before [`MAGIC`], in bytes.
const LONGEST_COMMENT: usize = 4 << 10;
/// The digest of no bytes, which some detectors write instead of omitting the digest.
const DIGEST_OF_NOTHING: &str = "1B2M2Y8AsgTpgAmY7PhCfg==";

/// Whether `file` begins as a CBF. Some programs write comments before the magic bytes.
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
/// [`FrameError`]. Damage inside the pixels is detected if the file has a digest of them.
pub fn picture(file: &[u8]) -> Result<Picture, FrameError> {
    let section = Section::find(file)?;
    section.check_digest()?;
    let mut deltas = Deltas::new(section.bytes);
    let mut reducer = Reducer::new(section.shape, section.saturation);
    let mut row = vec![0; section.shape.width];
    for number in 0..section.shape.height {
        deltas.fill(&mut row).map_err(|_| {
            FrameError::damaged(format!(
                "its pixels end in row {number} of {}",
                section.shape.height
            ))
        })?;
        section.element.wrap(&mut row);
        reducer.push(&row);
    }
    if deltas.left() > 0 && section.digest.is_none() {
        return Err(FrameError::damaged(format!(
            "{} bytes are left after its last pixel",
            deltas.left()
        )));
    }
    Ok(reducer.finish())
}

/// The binary section: its checked header, and its bytes.
struct Section<'a> {
    shape: Shape,
    element: Element,
    /// Pixels of this count and above are saturated.
    saturation: i32,
    /// MD5 of the bytes, in base64.
    digest: Option<String>,
    bytes: &'a [u8],
}

impl<'a> Section<'a> {
    fn find(file: &'a [u8]) -> Result<Self, FrameError> {
        let text_end = position(head(file, LONGEST_TEXT), SECTION)
            .ok_or_else(|| FrameError::damaged("it has no binary section"))?;
        let (text, section) = file.split_at(text_end);
        let header_end = position(head(section, LONGEST_HEADER), START)
            .ok_or_else(|| FrameError::damaged("its binary section does not begin"))?;
        let (header, bytes) = section.split_at(header_end);
        let bytes = bytes.get(START.len()..).unwrap_or_default();
        let header = Header(String::from_utf8_lossy(header).into_owned());
        let element = header.format()?;

        let width = header.number("X-Binary-Size-Fastest-Dimension")?;
        let height = header.number("X-Binary-Size-Second-Dimension")?;
        let shape = Shape::new(width, height)?;
        if header.optional("X-Binary-Size-Third-Dimension")?.unwrap_or(1) > 1 {
            return Err(FrameError::unsupported("this has several frames"));
        }
        let pixels = shape.pixels();
        if let Some(elements) = header.optional("X-Binary-Number-of-Elements")? {
            if usize::try_from(elements) != Ok(pixels) {
                return Err(FrameError::damaged(format!(
                    "{width} by {height} pixels are not the {elements} of its header"
                )));
            }
        }
        let size = header.number("X-Binary-Size")?;
        let there = bytes.len();
        let bytes = usize::try_from(size)
            .ok()
            .and_then(|size| bytes.get(..size))
            .ok_or_else(|| {
                FrameError::damaged(format!("it ends after {there} of its {size} bytes of pixels"))
            })?;
        // A pixel takes at least one byte.
        if bytes.len() < pixels {
            return Err(FrameError::damaged(format!(
                "{size} bytes cannot hold its {pixels} pixels"
            )));
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
            Err(FrameError::damaged("its pixels do not have its Content-MD5"))
        }
    }
}

/// The header of the section, with lines of `name: value`.
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
            FrameError::damaged(format!("its {name} is {shown:?}"))
        })?;
        Ok(Some(number))
    }

    fn number(&self, name: &str) -> Result<u64, FrameError> {
        self.optional(name)?
            .ok_or_else(|| FrameError::damaged(format!("its header has no {name}")))
    }

    /// The type of the pixels, if their format is supported.
    fn format(&self) -> Result<Element, FrameError> {
        let unsupported = |what: &str| Err(FrameError::unsupported(what));
        if !self.0.to_ascii_lowercase().contains("x-cbf_byte_offset") {
            return unsupported("this CBF is compressed in another way");
        }
        let is = |name, expected| {
            self.value(name)
                .is_none_or(|value| value.eq_ignore_ascii_case(expected))
        };
        if !is("Content-Transfer-Encoding", "BINARY") {
            return unsupported("this CBF holds its pixels as text");
        }
        if !is("X-Binary-Element-Byte-Order", "LITTLE_ENDIAN") {
            return unsupported("this CBF is big-endian");
        }
        let Some(name) = self.value("X-Binary-Element-Type") else {
            return Ok(Element::I32);
        };
        Element::named(name).ok_or_else(|| {
            FrameError::unsupported("the pixels of this CBF are no integers of 8, 16 or 32 bits")
        })
    }
}

/// The detector's `# Count_cutoff 1048500 counts`; some programs write `=` or `:` before the
/// number, or a float.
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
        reason = "the cast from float to integer saturates"
    )]
    Some(number as i32)
}

fn head(bytes: &[u8], longest: usize) -> &[u8] {
    bytes.get(..longest).unwrap_or(bytes)
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
