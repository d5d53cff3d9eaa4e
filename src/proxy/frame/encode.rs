//! Pure: grey pixels and pictures as PNG.

use super::reduce::Picture;
use super::tone::{grey, Brightness};
use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};

/// The PNG, 8-bit grey, of `picture` at a brightness.
///
/// # Errors
/// None if the picture has as many shades as its shape has pixels.
pub fn png(picture: &Picture, brightness: Brightness) -> Result<Vec<u8>, EncodingError> {
    grey_png(
        picture.shape.width,
        picture.shape.height,
        &grey(picture, brightness),
    )
}

/// The PNG of 8-bit grey `pixels`. Compressed for speed: noise hardly gets smaller with more
/// effort.
///
/// # Errors
/// None if there are `width` times `height` pixels.
pub fn grey_png(width: usize, height: usize, pixels: &[u8]) -> Result<Vec<u8>, EncodingError> {
    let (Ok(width), Ok(height)) = (u32::try_from(width), u32::try_from(height)) else {
        return Err(EncodingError::LimitsExceeded);
    };
    let mut bytes = Vec::with_capacity(pixels.len() / 2);
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
