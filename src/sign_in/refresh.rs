//! What a refresh token is answered with.
//!
//! A refresh token is spent by its use. A client that has lost the answer may ask again for a
//! moment, and gets the same pair. A spent token that is used later was copied: all tokens of its
//! family end. A store keeps [`Spent`] by the token's id until the token expires, and ended
//! families until their last token expires.

use super::token::{Claims, Family, PairIds, TokenType};
use beamlive_actors::clock::KeySource;
use beamlive_storage::Timestamp;

/// How long a spent token gives the same pair again, in µs.
const AGAIN: i64 = 30 * 1_000_000;

/// What is kept about a refresh token that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// When.
    pub at: Timestamp,
    /// The pair that it gave.
    pub next: PairIds,
}

/// What to do with a refresh token whose signature and time are good and that was not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// Record this, on condition that nothing is recorded for the token yet. Then answer with its
    /// pair. If something is recorded by now, judge again.
    New(Spent),
    /// Answer with this pair, which the token gave before.
    Again(PairIds),
    /// End the family, and refuse with [`Refusal::Spent`].
    Reuse(Family),
    /// Refuse.
    Refuse(Refusal),
}

/// Why a token is refused, in the words that clients of MxLIVE know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is damaged, was not signed here, or has expired.
    Invalid,
    /// It is an access token.
    WrongType,
    /// It was used before, or its family or its account's tokens have ended.
    Spent,
}

impl Refusal {
    /// `code` of the answer.
    pub const CODE: &'static str = "token_not_valid";

    /// `detail` of the answer.
    #[must_use]
    pub fn detail(self) -> &'static str {
        match self {
            Self::Invalid => "Token is invalid or expired",
            Self::WrongType => "Token has wrong type",
            Self::Spent => "Token is blacklisted",
        }
    }
}

/// Judges a refresh of a token that has not been ended. `spent` is what is kept about it. The ids
/// of a new pair are of `keys`.
#[must_use]
pub fn judge(claims: &Claims, spent: Option<Spent>, now: Timestamp, keys: &dyn KeySource) -> Judgement {
    if claims.token_type != TokenType::Refresh {
        return Judgement::Refuse(Refusal::WrongType);
    }
    let family = claims.jti.family();
    match spent {
        None => Judgement::New(Spent {
            at: now,
            next: PairIds::of_family(family, keys, now.seconds()),
        }),
        Some(spent) if now.micros_since(spent.at) < AGAIN => Judgement::Again(spent.next),
        Some(_) => Judgement::Reuse(family),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign_in::token::{Jti, Subject};
    use beamlive_actors::clock::CountingKeys;
    use rstest::rstest;

    const NOW: Timestamp = Timestamp(1_764_633_600_500_000);
    const FAMILY: u128 = 0x0f8b_3c2d_4e5f_6071;

    fn claims(token_type: TokenType) -> Claims {
        Claims {
            token_type,
            exp: 1_800_000_000,
            iat: 1_764_600_000,
            jti: Jti(FAMILY << 64 | 9),
            subject: Subject {
                user_id: 42,
                account: None,
                epoch: 0,
            },
        }
    }

    fn judged(spent: Option<Spent>, now: Timestamp) -> Judgement {
        judge(&claims(TokenType::Refresh), spent, now, &CountingKeys::default())
    }

    fn spent() -> Spent {
        let next = PairIds {
            access: Jti(FAMILY << 64 | 1),
            refresh: Jti(FAMILY << 64 | 2),
            issued_at: 1_764_633_600,
        };
        Spent { at: NOW, next }
    }

    #[test]
    fn an_unused_token_gives_a_pair_of_its_family() {
        assert_eq!(judged(None, NOW), Judgement::New(spent()));
    }

    #[rstest]
    #[case::at_once(0, Judgement::Again(spent().next))]
    #[case::just_in_time(29_999_999, Judgement::Again(spent().next))]
    #[case::the_clock_was_set_back(-5_000_000, Judgement::Again(spent().next))]
    #[case::too_late(30_000_000, Judgement::Reuse(Family(0x0f8b_3c2d_4e5f_6071)))]
    #[case::much_later(86_400_000_000, Judgement::Reuse(Family(0x0f8b_3c2d_4e5f_6071)))]
    fn a_spent_token_gives_the_same_pair_for_a_moment(#[case] later: i64, #[case] judgement: Judgement) {
        assert_eq!(judged(Some(spent()), NOW.plus_micros(later)), judgement);
    }

    #[test]
    fn an_access_token_is_no_refresh_token() {
        let judgement = judge(&claims(TokenType::Access), None, NOW, &CountingKeys::default());
        assert_eq!(judgement, Judgement::Refuse(Refusal::WrongType));
    }

    #[test]
    fn refusals_have_the_words_of_mxlive() {
        let details = [Refusal::Invalid, Refusal::WrongType, Refusal::Spent].map(Refusal::detail);
        assert_eq!(
            details,
            [
                "Token is invalid or expired",
                "Token has wrong type",
                "Token is blacklisted"
            ]
        );
        assert_eq!(Refusal::CODE, "token_not_valid");
    }
}
