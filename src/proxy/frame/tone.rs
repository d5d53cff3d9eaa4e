//! Pure: a picture at a brightness.

use super::reduce::Picture;

/// How dark a picture is. The names are those of MxLIVE; the discriminant is in quarters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Brightness {
    /// `xl`, 0.25.
    ExtraLight = 1,
    /// `lt`, 0.5.
    Light = 2,
    /// `nm`, 1.
    Normal = 4,
    /// `dk`, 1.5.
    Dark = 6,
}

impl Brightness {
    /// All of them, from the lightest to the darkest.
    pub const ALL: [Self; 4] = [Self::ExtraLight, Self::Light, Self::Normal, Self::Dark];

    /// By its name in a path.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|brightness| brightness.name() == name)
    }

    /// Its name in a path.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ExtraLight => "xl",
            Self::Light => "lt",
            Self::Normal => "nm",
            Self::Dark => "dk",
        }
    }
}

/// Grey levels row by row: 255 is white, 0 is black. A darker brightness makes no pixel lighter.
#[must_use]
pub fn grey(picture: &Picture, brightness: Brightness) -> Vec<u8> {
    let quarters = brightness as u32;
    let level = |shade: &u16| {
        let darkness = u32::from(*shade) * quarters * 255 / u32::from(u16::MAX);
        255 - u8::try_from(darkness).unwrap_or(255)
    };
    picture.shades.iter().map(level).collect()
}

#[cfg(test)]
mod tests;
