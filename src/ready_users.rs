//! The answers of access lists, made once for each state of the facility: hosts ask again and again.

use actix_web::web::Bytes;
use arc_swap::ArcSwapOption;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::AccessListId;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};

/// Ready-made bytes of lists.
#[derive(Debug, Default)]
pub struct ReadyUsers {
    current: ArcSwapOption<Made>,
}

/// What was made of one catalog.
#[derive(Debug)]
struct Made {
    /// Weak, so that a facility that was replaced goes; its place in memory is not given to another meanwhile.
    of: Weak<Catalog>,
    lists: RwLock<HashMap<AccessListId, Bytes>>,
}

impl ReadyUsers {
    /// The answer of a list of `catalog`; `make` makes it the first time.
    pub fn get(&self, catalog: &Arc<Catalog>, list: AccessListId, make: impl FnOnce() -> Bytes) -> Bytes {
        let current = self.current.load();
        let made = current.as_ref().filter(|made| made.is_of(catalog));
        if let Some(made) = made {
            let lists = made.lists.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(bytes) = lists.get(&list) {
                return bytes.clone();
            }
        }
        let bytes = make();
        match made {
            Some(made) => {
                let mut lists = made.lists.write().unwrap_or_else(PoisonError::into_inner);
                lists.insert(list, bytes.clone());
            }
            None => self.current.store(Some(Arc::new(Made {
                of: Arc::downgrade(catalog),
                lists: RwLock::new(HashMap::from([(list, bytes.clone())])),
            }))),
        }
        bytes
    }
}

impl Made {
    fn is_of(&self, catalog: &Arc<Catalog>) -> bool {
        std::ptr::eq(self.of.as_ptr(), Arc::as_ptr(catalog))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_made_once_for_each_state_of_the_facility() {
        let ready = ReadyUsers::default();
        let ask = |catalog, list, made: &'static str| {
            let answer = ready.get(catalog, AccessListId(list), || {
                Bytes::from_static(made.as_bytes())
            });
            String::from_utf8_lossy(&answer).into_owned()
        };
        let catalog = Arc::new(Catalog::default());
        assert_eq!(ask(&catalog, 1, "a"), "a");
        assert_eq!(ask(&catalog, 1, "b"), "a");
        assert_eq!(ask(&catalog, 2, "c"), "c");
        assert_eq!(ask(&catalog, 1, "d"), "a");
        let next = Arc::new(Catalog::default());
        assert_eq!(ask(&next, 1, "e"), "e");
        assert_eq!(ask(&next, 2, "f"), "f");
        assert_eq!(ask(&next, 1, "g"), "e");
    }
}
