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
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;
    use crate::proxy::frame::Shape;

    fn picture(shades: Vec<u16>) -> Picture {
        let shape = Shape {
            width: shades.len(),
            height: 1,
        };
        Picture { shape, shades }
    }

    #[test]
    fn greys_are_those_of_the_brightness() {
        let picture = picture(vec![0, 4_096, 16_384, u16::MAX]);
        assert_eq!(grey(&picture, Brightness::ExtraLight), [255, 240, 192, 0]);
        assert_eq!(grey(&picture, Brightness::Light), [255, 224, 128, 0]);
        assert_eq!(grey(&picture, Brightness::Normal), [255, 192, 0, 0]);
        assert_eq!(grey(&picture, Brightness::Dark), [255, 160, 0, 0]);
    }

    #[test]
    fn a_darker_brightness_makes_no_pixel_lighter() {
        let picture = picture((0..=u16::MAX).collect());
        let greys = Brightness::ALL.map(|brightness| grey(&picture, brightness));
        for pair in greys.windows(2) {
            assert!(pair[0].iter().zip(&pair[1]).all(|(light, dark)| dark <= light));
            assert_ne!(pair[0], pair[1]);
        }
        assert!(greys
            .iter()
            .all(|levels| levels.is_sorted_by(|left, right| left >= right)));
    }

    #[test]
    fn names_are_parsed() {
        for brightness in Brightness::ALL {
            assert_eq!(Brightness::named(brightness.name()), Some(brightness));
        }
        assert_eq!(Brightness::named("NM"), None);
    }
}
