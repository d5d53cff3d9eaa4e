//! The text format of metrics. Pure.

/// One number of a metric.
#[derive(Debug, Clone, PartialEq)]
struct Sample {
    name: String,
    labels: String,
    value: f64,
}

/// The samples of one scrape.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Scrape {
    samples: Vec<Sample>,
}

impl Scrape {
    /// Parses the text of a scrape. Comments and lines that can't be read are skipped.
    pub(super) fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let samples = lines.filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let (name, labels) = match series.split_once('{') {
                Some((name, labels)) => (name, labels.trim_end_matches('}')),
                None => (series, ""),
            };
            Some(Sample {
                name: name.to_owned(),
                labels: labels.to_owned(),
                value: value.parse().ok()?,
            })
        });
        Self {
            samples: samples.collect(),
        }
    }

    fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Sample> {
        self.samples.iter().filter(move |sample| sample.name == name)
    }

    /// The number of a metric without labels. `None` when it is missing.
    pub(super) fn value(&self, name: &str) -> Option<f64> {
        self.of(name).next().map(|sample| sample.value)
    }

    /// The sum over all labels of which `counts` is true.
    pub(super) fn sum(&self, name: &str, counts: impl Fn(&str) -> bool) -> f64 {
        let counted = self.of(name).filter(|sample| counts(&sample.labels));
        counted.map(|sample| sample.value).sum()
    }

    /// The values of a label, each with its number.
    pub(super) fn by_label(&self, name: &str, label: &str) -> Vec<(String, f64)> {
        let pairs = self
            .of(name)
            .filter_map(|sample| Some((value_of(&sample.labels, label)?, sample.value)));
        pairs.collect()
    }

    /// The upper bound of the bucket that has the `share` of what was added to a histogram since
    /// `before`, over all labels. `None` when nothing was.
    pub(super) fn quantile(&self, before: &Self, name: &str, share: f64) -> Option<f64> {
        let buckets = |scrape: &Self| {
            let mut sums: Vec<(f64, f64)> = Vec::new();
            for (bound, count) in scrape.by_label(&format!("{name}_bucket"), "le") {
                let bound = match bound.as_str() {
                    "+Inf" => f64::INFINITY,
                    bound => bound.parse().unwrap_or(f64::INFINITY),
                };
                match sums.iter_mut().find(|(other, _)| *other == bound) {
                    Some((_, sum)) => *sum += count,
                    None => sums.push((bound, count)),
                }
            }
            sums.sort_by(|one, other| one.0.total_cmp(&other.0));
            sums
        };
        let earlier = buckets(before);
        let was = |bound: f64| {
            earlier
                .iter()
                .find(|(other, _)| *other == bound)
                .map_or(0.0, |(_, sum)| *sum)
        };
        let added: Vec<_> = buckets(self)
            .into_iter()
            .map(|(bound, count)| (bound, count - was(bound)))
            .collect();
        let all = added.last().map(|(_, count)| *count).filter(|all| *all > 0.0)?;
        let found = added.iter().find(|(_, count)| *count >= share * all);
        found.map(|(bound, _)| *bound)
    }
}

/// The value of a label, of labels as they are written.
fn value_of(labels: &str, label: &str) -> Option<String> {
    let beginning = format!("{label}=\"");
    let at = match labels.starts_with(&beginning) {
        true => 0,
        false => labels.find(&format!(",{beginning}"))? + 1,
    };
    let rest = labels.get(at + beginning.len()..)?;
    let mut value = String::new();
    let mut characters = rest.chars();
    loop {
        match characters.next()? {
            '"' => return Some(value),
            '\\' => match characters.next()? {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "# HELP x y\nr{route=\"/a\",status=\"200\"} 3\nr{route=\"/b\",status=\"503\"} 2\nfree 17\n\
        h_bucket{route=\"/a\",le=\"0.5\"} 8\nh_bucket{route=\"/a\",le=\"1\"} 8\nh_bucket{route=\"/a\",le=\"+Inf\"} 8\n";
    const SECOND: &str = "root{root=\"/a \\\"b\\\"\"} 1\nnonsense\nh_bucket{route=\"/a\",le=\"0.5\"} 9\n\
        h_bucket{route=\"/a\",le=\"1\"} 9\nh_bucket{route=\"/a\",le=\"+Inf\"} 9\n\
        h_bucket{route=\"/b\",le=\"0.5\"} 0\nh_bucket{route=\"/b\",le=\"1\"} 9\nh_bucket{route=\"/b\",le=\"+Inf\"} 9\n";

    #[test]
    fn numbers_are_found_by_name_and_label() {
        let scrape = Scrape::parse(FIRST);
        assert_eq!(scrape.value("free"), Some(17.0));
        assert_eq!(scrape.value("fre"), None);
        assert_eq!(scrape.sum("r", |_| true), 5.0);
        assert_eq!(scrape.sum("r", |labels| labels.contains("status=\"5")), 2.0);
        let roots = Scrape::parse(SECOND).by_label("root", "root");
        assert_eq!(roots, [("/a \"b\"".to_owned(), 1.0)]);
    }

    #[test]
    fn a_quantile_counts_what_was_added() {
        let (before, now) = (Scrape::parse(FIRST), Scrape::parse(SECOND));
        assert_eq!(now.quantile(&before, "h", 0.05), Some(0.5));
        assert_eq!(now.quantile(&before, "h", 0.5), Some(1.0));
        assert_eq!(before.quantile(&before, "h", 0.5), None);
    }
}
