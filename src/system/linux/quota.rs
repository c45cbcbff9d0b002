//! The container's limit: how many cores' worth of time the control group may use, and how often it was held back.
//!
//! Two versions of control groups live side by side on many machines, and each level above a group may have a limit of
//! its own; the tightest counts.
//!
//! ```text
//! /proc/self/cgroup       0::/user.slice/app          version 2     4:cpu,cpuacct:/app       version 1
//! /proc/self/mountinfo    where the trees lie, and which part of each the container sees
//!   ⇒ /sys/fs/cgroup/user.slice/app, /sys/fs/cgroup/user.slice, /sys/fs/cgroup
//! ```

use std::fs::read_to_string;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// One group, ours or one above it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Level {
    folder: PathBuf,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// The tightest limit, in cores; none where there is none.
pub(super) fn cores_allowed() -> Option<f64> {
    levels().iter().filter_map(limit).reduce(f64::min)
}

/// How often our group, or one above it, was held back because its quota was used up; none where the kernel does not
/// count that.
pub fn throttled() -> Option<u64> {
    levels()
        .iter()
        .filter_map(|level| read_to_string(level.folder.join("cpu.stat")).ok())
        .filter_map(|text| throttled_in(&text))
        .reduce(u64::saturating_add)
}

/// Our levels. Asked once: the list of mounts can be long, and whoever moves a running program to another group also
/// knows that a restart would help.
fn levels() -> &'static [Level] {
    static LEVELS: OnceLock<Vec<Level>> = OnceLock::new();
    LEVELS.get_or_init(|| {
        let groups = read_to_string("/proc/self/cgroup").unwrap_or_default();
        let mounts = read_to_string("/proc/self/mountinfo").unwrap_or_default();
        levels_of(&groups, &mounts)
    })
}

fn limit(level: &Level) -> Option<f64> {
    let number = |file: &str| read_to_string(level.folder.join(file)).ok()?.trim().parse::<i64>().ok();
    match level.version {
        Version::One => ratio(number("cpu.cfs_quota_us")?, number("cpu.cfs_period_us")?),
        Version::Two => limit_in(&read_to_string(level.folder.join("cpu.max")).ok()?),
    }
}

/// `150000 100000` is one and a half cores; `max 100000` is no limit.
fn limit_in(text: &str) -> Option<f64> {
    let (quota, period) = text.trim().split_once(' ')?;
    ratio(quota.parse().ok()?, period.parse().ok()?)
}

/// A quota of -1 is none, in version 1.
fn ratio(quota_us: i64, period_us: i64) -> Option<f64> {
    (quota_us > 0 && period_us > 0).then(|| quota_us as f64 / period_us as f64)
}

fn throttled_in(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("nr_throttled "))?.trim().parse().ok()
}

/// From the texts of `/proc/self/cgroup` and `/proc/self/mountinfo`: our group and those above it, in each tree that can
/// limit the CPU.
fn levels_of(groups: &str, mounts: &str) -> Vec<Level> {
    let mut levels = Vec::new();
    for (version, group) in groups.lines().filter_map(parse_group) {
        let Some((root, point)) = mounts.lines().filter_map(parse_mount).find(|mount| mount.0 == version).map(|m| m.1)
        else {
            continue;
        };
        // The mount shows the tree from `root` on; a group that lies outside is the host's name for what we see as root.
        let inside = group.strip_prefix(&root).unwrap_or(Path::new(""));
        levels.extend(inside.ancestors().map(|part| Level { folder: point.join(part), version }));
    }
    levels
}

/// `4:cpu,cpuacct:/app` or `0::/app`.
fn parse_group(line: &str) -> Option<(Version, PathBuf)> {
    let (id, rest) = line.split_once(':')?;
    let (controllers, path) = rest.split_once(':')?;
    let version = match controllers {
        "" if id == "0" => Version::Two,
        _ if controllers.split(',').any(|controller| controller == "cpu") => Version::One,
        _ => return None,
    };
    // `/../other` is a group outside of what the container sees: its own root is all there is.
    let path = Path::new(path);
    let is_plain = path.components().all(|part| !matches!(part, std::path::Component::ParentDir));
    Some((version, if is_plain { path.to_path_buf() } else { PathBuf::from("/") }))
}

/// `31 23 0:28 ROOT POINT OPTIONS [FIELD…] - TYPE SOURCE OPTIONS`: what a tree's mount shows, and where.
fn parse_mount(line: &str) -> Option<(Version, (PathBuf, PathBuf))> {
    let (place, kind) = line.split_once(" - ")?;
    let mut place = place.split(' ').skip(3);
    let (root, point) = (place.next()?, place.next()?);
    let mut kind = kind.split(' ');
    let version = match kind.next()? {
        "cgroup2" => Version::Two,
        "cgroup" if kind.nth(1)?.split(',').any(|option| option == "cpu") => Version::One,
        _ => return None,
    };
    Some((version, (PathBuf::from(root), PathBuf::from(point))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HYBRID: &str = "\
32 31 0:29 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct
33 31 0:30 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";
    const PART: &str = "41 31 0:38 /docker/abc /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n";

    #[test]
    fn levels_are_found() {
        let check = |groups: &str, mounts: &str, expected: &[(&str, Version)]| {
            let found = levels_of(groups, mounts);
            let found: Vec<_> =
                found.iter().map(|level| (level.folder.to_str().expect("text"), level.version)).collect();
            let bare: Vec<_> = found.iter().map(|(folder, version)| (folder.trim_end_matches('/'), *version)).collect();
            assert_eq!(bare, expected, "{groups:?}");
        };
        check("", HYBRID, &[]);
        check("0::/a/b\n", "", &[]);
        check(
            "9:name=systemd:/x\n1:cpu,cpuacct:/a\n0::/b\n",
            HYBRID,
            &[
                ("/sys/fs/cgroup/cpu/a", Version::One),
                ("/sys/fs/cgroup/cpu", Version::One),
                ("/sys/fs/cgroup/unified/b", Version::Two),
                ("/sys/fs/cgroup/unified", Version::Two),
            ],
        );
        check("0::/docker/abc/c\n", PART, &[("/sys/fs/cgroup/c", Version::Two), ("/sys/fs/cgroup", Version::Two)]);
        check("0::/elsewhere\n", PART, &[("/sys/fs/cgroup", Version::Two)]);
        check("0::/../../other\n", PART, &[("/sys/fs/cgroup", Version::Two)]);
    }

    #[test]
    fn limits_are_read() {
        assert_eq!(limit_in("150000 100000\n"), Some(1.5));
        assert_eq!(limit_in("max 100000\n"), None);
        assert_eq!(limit_in("100000\n"), None);
        assert_eq!(limit_in("100000 0\n"), None);
        assert_eq!(ratio(-1, 100_000), None);
        assert_eq!(throttled_in("nr_periods 9\nnr_throttled 3\nthrottled_usec 5\n"), Some(3));
        assert_eq!(throttled_in("usage_usec 9\n"), None);
    }

    #[test]
    fn the_tightest_level_counts() {
        let top = tempfile::tempdir().expect("a folder");
        let write = |folder: &Path, file: &str, text: &str| std::fs::write(folder.join(file), text).expect("a file");
        let inner = top.path().join("a/b");
        std::fs::create_dir_all(&inner).expect("folders");
        write(top.path(), "cpu.max", "50000 100000\n");
        write(&inner, "cpu.max", "max 100000\n");
        let mount = format!("1 1 0:1 / {} rw - cgroup2 cgroup2 rw", top.path().display());
        let levels = levels_of("0::/a/b", &mount);
        assert_eq!(levels.len(), 3);
        assert_eq!(levels.iter().filter_map(limit).reduce(f64::min), Some(0.5));
        let one = Level { folder: inner.clone(), version: Version::One };
        assert_eq!(limit(&one), None);
        write(&inner, "cpu.cfs_quota_us", "200000\n");
        write(&inner, "cpu.cfs_period_us", "100000\n");
        assert_eq!(limit(&one), Some(2.0));
    }

    #[test]
    fn this_machine_can_be_asked() {
        assert!(cores_allowed().is_none_or(|cores| cores > 0.0));
        assert!(throttled() <= throttled());
    }

    proptest! {
        #[test]
        fn any_text_is_read(groups in any::<String>(), mounts in any::<String>(), line in "[0-9a-z:,/. \n-]{0,80}") {
            for (groups, mounts) in [(&groups, &mounts), (&line, &line)] {
                let _ = levels_of(groups, mounts);
                let _ = (limit_in(mounts), throttled_in(mounts));
            }
        }
    }
}
