//! Who may use the host of a caller: the access list of its address.

use actix_web::web::Bytes;
use arc_swap::ArcSwapOption;
use beamlive_actors::access::lists;
use beamlive_actors::ask::Unavailable;
use beamlive_actors::directory::Directory;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::AccessListId;
use beamlive_storage::records::AccessList;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock, Weak};

/// Looks up access lists by address.
#[derive(Debug)]
pub struct AccessLists {
    directory: Arc<Directory>,
    answers: AnswerCache,
}

impl AccessLists {
    /// Looks up the lists of the facility that `directory` publishes.
    #[must_use]
    pub fn new(directory: Arc<Directory>) -> Self {
        Self {
            directory,
            answers: AnswerCache::default(),
        }
    }

    /// Id and name of the access list of `address`.
    ///
    /// # Errors
    /// 503 when it is not known what other nodes have changed.
    pub async fn find(&self, address: IpAddr) -> Result<Option<(AccessListId, String)>, Unavailable> {
        self.read(address, |id, list, _| (id, list.name.clone())).await
    }

    /// Who may use the host at `address` now. Nobody when the address has no list.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn users(&self, address: IpAddr) -> Result<Vec<String>, Unavailable> {
        let users = self.read(address, |_, list, catalog| self.users_of(list, catalog));
        Ok(users.await?.unwrap_or_default())
    }

    /// The same, as a JSON array.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn users_json(&self, address: IpAddr) -> Result<Bytes, Unavailable> {
        let answer = self.read(address, |id, list, catalog| {
            let make = || {
                serde_json::Value::from(self.users_of(list, catalog))
                    .to_string()
                    .into()
            };
            match self.directory.schedule() {
                None => self.answers.get(catalog, id, make),
                // The scheduled users change with time.
                Some(_) => make(),
            }
        });
        Ok(answer.await?.unwrap_or_else(|| Bytes::from_static(b"[]")))
    }

    fn users_of(&self, list: &AccessList, catalog: &Catalog) -> Vec<String> {
        let now = self.directory.services().clock.now();
        lists::users(list, catalog, self.directory.schedule(), now)
    }

    /// What `read` takes from the access list of `address`. `None` when the address has no list.
    async fn read<T>(
        &self,
        address: IpAddr,
        read: impl FnOnce(AccessListId, &AccessList, &Arc<Catalog>) -> T,
    ) -> Result<Option<T>, Unavailable> {
        let catalog = self.directory.services().catalog.current().await?;
        let table = self.directory.access_table(&catalog);
        Ok(table.find(address).map(|(id, list)| read(id, list, &catalog)))
    }
}

/// The answers of access lists, made once for each catalog, because hosts ask every few seconds.
#[derive(Debug, Default)]
struct AnswerCache {
    current: ArcSwapOption<Answers>,
}

/// The answers made from one catalog.
#[derive(Debug)]
struct Answers {
    /// Weak, so that a replaced catalog is freed. Its memory is not reused while this is held.
    catalog: Weak<Catalog>,
    lists: RwLock<HashMap<AccessListId, Bytes>>,
}

impl AnswerCache {
    /// The answer for `list` in `catalog`. `make` is called when there is none yet.
    fn get(&self, catalog: &Arc<Catalog>, list: AccessListId, make: impl FnOnce() -> Bytes) -> Bytes {
        let current = self.current.load();
        let answers = current.as_ref().filter(|answers| answers.are_of(catalog));
        if let Some(answers) = answers {
            let lists = answers.lists.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(bytes) = lists.get(&list) {
                return bytes.clone();
            }
        }
        let bytes = make();
        match answers {
            Some(answers) => {
                let mut lists = answers.lists.write().unwrap_or_else(PoisonError::into_inner);
                lists.insert(list, bytes.clone());
            }
            None => self.current.store(Some(Arc::new(Answers {
                catalog: Arc::downgrade(catalog),
                lists: RwLock::new(HashMap::from([(list, bytes.clone())])),
            }))),
        }
        bytes
    }
}

impl Answers {
    fn are_of(&self, catalog: &Arc<Catalog>) -> bool {
        std::ptr::eq(self.catalog.as_ptr(), Arc::as_ptr(catalog))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_made_once_for_each_catalog() {
        let answers = AnswerCache::default();
        let ask = |catalog, list, made: &'static str| {
            let answer = answers.get(catalog, AccessListId(list), || {
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
