//! What a refresh token is answered with.
//!
//! A refresh token is spent by its use. A client that has lost the answer may ask again for a
//! moment, and gets the same pair. Later, a spent token is in two hands: all tokens of its family
//! end. A store keeps [`Spent`] by the token's id until the token expires, and ended families until
//! their last token expires.

use super::token::{issue_second, Claims, Family, PairIds, TokenType};
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

/// What is known about a token besides its claims.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known {
    /// That it was used.
    pub spent: Option<Spent>,
    /// Whether its family has ended.
    pub family_ended: bool,
    /// From when on tokens of its account are good.
    pub tokens_from: Option<Timestamp>,
}

/// What to do with a refresh token whose signature and time are good.
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

/// Judges a refresh. The ids of a new pair are of `keys`.
#[must_use]
pub fn judge(claims: &Claims, known: &Known, now: Timestamp, keys: &dyn KeySource) -> Judgement {
    if claims.token_type != TokenType::Refresh {
        return Judgement::Refuse(Refusal::WrongType);
    }
    if known.family_ended || known.tokens_from.is_some_and(|from| claims.is_before(from)) {
        return Judgement::Refuse(Refusal::Spent);
    }
    let family = claims.jti.family();
    match known.spent {
        None => Judgement::New(Spent {
            at: now,
            next: PairIds::of_family(family, keys, issue_second(now, known.tokens_from)),
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
            },
        }
    }

    fn judged(known: Known, now: Timestamp) -> Judgement {
        judge(&claims(TokenType::Refresh), &known, now, &CountingKeys::default())
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
        assert_eq!(judged(Known::default(), NOW), Judgement::New(spent()));
    }

    #[rstest]
    #[case::at_once(0, Judgement::Again(spent().next))]
    #[case::just_in_time(29_999_999, Judgement::Again(spent().next))]
    #[case::the_clock_was_set_back(-5_000_000, Judgement::Again(spent().next))]
    #[case::too_late(30_000_000, Judgement::Reuse(Family(0x0f8b_3c2d_4e5f_6071)))]
    #[case::much_later(86_400_000_000, Judgement::Reuse(Family(0x0f8b_3c2d_4e5f_6071)))]
    fn a_spent_token_gives_the_same_pair_for_a_moment(#[case] later: i64, #[case] judgement: Judgement) {
        let known = Known {
            spent: Some(spent()),
            ..Known::default()
        };
        assert_eq!(judged(known, NOW.plus_micros(later)), judgement);
    }

    #[test]
    fn an_ended_family_gets_nothing_even_for_a_moment() {
        for spent in [None, Some(spent())] {
            let known = Known {
                spent,
                family_ended: true,
                tokens_from: None,
            };
            assert_eq!(judged(known, NOW), Judgement::Refuse(Refusal::Spent));
        }
    }

    #[rstest]
    #[case::issued_before(1_764_600_000_000_001, true)]
    #[case::issued_with_it(1_764_600_000_000_000, false)]
    #[case::issued_after(1_764_500_000_000_000, false)]
    fn tokens_that_an_account_has_ended_are_dead(#[case] from: i64, #[case] dead: bool) {
        let known = Known {
            tokens_from: Some(Timestamp(from)),
            ..Known::default()
        };
        let refused = judged(known, NOW) == Judgement::Refuse(Refusal::Spent);
        assert_eq!(refused, dead);
    }

    #[test]
    fn an_access_token_is_no_refresh_token() {
        let judgement = judge(
            &claims(TokenType::Access),
            &Known::default(),
            NOW,
            &CountingKeys::default(),
        );
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
