//! A bounded memory of sites: the one that was not asked about for longest leaves.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::Known;

/// How many sites are kept.
const MAX_SITES: usize = 512;

/// How many bytes of `robots.txt` all kept sites have together. Read rules take some ten times
/// their text; most sites have a kilobyte or two.
const MAX_WEIGHT: usize = 4 << 20;

type Slot = Arc<tokio::sync::Mutex<Option<Known>>>;

struct Site {
    slot: Slot,
    /// The count of questions when it was last asked about.
    used: u64,
    weight: usize,
}

/// The sites by origin.
#[derive(Default)]
pub(super) struct Cache {
    sites: HashMap<String, Site>,
    questions: u64,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("sites", &self.sites.len())
            .finish_non_exhaustive()
    }
}

impl Cache {
    /// The place of a site, made if it is new.
    pub fn slot(&mut self, name: &str) -> Slot {
        self.questions += 1;
        if let Some(site) = self.sites.get_mut(name) {
            site.used = self.questions;
            return site.slot.clone();
        }
        if self.sites.len() >= MAX_SITES {
            self.drop_oldest(name);
        }
        let slot = Slot::default();
        let site = Site {
            slot: slot.clone(),
            used: self.questions,
            weight: 0,
        };
        self.sites.insert(name.to_owned(), site);
        slot
    }

    /// Notes how much a site's rules weigh, and makes room for them.
    pub fn weigh(&mut self, name: &str, weight: usize) {
        if let Some(site) = self.sites.get_mut(name) {
            site.weight = weight;
        }
        while self.sites.values().map(|site| site.weight).sum::<usize>() > MAX_WEIGHT {
            if !self.drop_oldest(name) {
                break;
            }
        }
    }

    /// Forgets the site that was asked about longest ago, other than `name`. A fetch for it that is
    /// under way ends as it would have.
    fn drop_oldest(&mut self, name: &str) -> bool {
        let others = self.sites.iter().filter(|(other, _)| *other != name);
        let oldest = others.min_by_key(|(_, site)| site.used);
        let Some(oldest) = oldest.map(|(name, _)| name.clone()) else {
            return false;
        };
        self.sites.remove(&oldest).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_asked_about_longest_ago_leaves_first() {
        let mut cache = Cache::default();
        for site in 0..MAX_SITES {
            cache.slot(&site.to_string());
        }
        cache.slot("0");
        cache.slot("one more");
        assert_eq!(cache.sites.len(), MAX_SITES);
        assert!(cache.sites.contains_key("0"));
        assert!(!cache.sites.contains_key("1"));
    }

    #[test]
    fn heavy_sites_make_each_other_leave() {
        let mut cache = Cache::default();
        for site in 0..20 {
            let name = site.to_string();
            cache.slot(&name);
            cache.weigh(&name, 500 * 1024);
        }
        assert_eq!(cache.sites.len(), 8);
        assert!(cache.sites.contains_key("19"));
        cache.weigh("19", usize::MAX / 2);
        assert_eq!(cache.sites.len(), 1);
    }
}
