//! Pure: a picture as PNG.

use super::tone::{grey, Brightness};
use super::Picture;
use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};

/// The PNG, 8-bit grey, of `picture` at a brightness. Compressed for speed: noise does not become much smaller with more effort.
///
/// # Errors
/// None for a picture whose shape is that of its shades.
pub fn png(picture: &Picture, brightness: Brightness) -> Result<Vec<u8>, EncodingError> {
    let (Ok(width), Ok(height)) = (
        u32::try_from(picture.shape.width),
        u32::try_from(picture.shape.height),
    ) else {
        return Err(EncodingError::LimitsExceeded);
    };
    let mut bytes = Vec::with_capacity(picture.shape.pixels() / 2);
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&grey(picture, brightness))?;
    writer.finish()?;
    Ok(bytes)
}
