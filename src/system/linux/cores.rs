//! Cores: which ones there are, which ones we may use, and what each of them does.
#![expect(unsafe_code, reason = "an affinity mask of more cores than rustix's fixed 1024")]

use super::super::CoreTimes;
use super::super::unix::pid_of;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bits in an affinity mask: the kernel's own upper bound for a machine is 8192 cores.
const MASK_BITS: usize = 8192;

type Mask = [u64; MASK_BITS / 64];

/// The ids of the cores that this process may use, and how many the machine has.
///
/// Asked of the main thread: a worker that has pinned itself still learns what the process may use.
pub(super) fn cores() -> (Vec<u32>, u32) {
    let online = std::fs::read_to_string("/sys/devices/system/cpu/online").ok().and_then(|text| count_of_ranges(&text));
    let mut ids = affinity(std::process::id()).unwrap_or_default();
    if ids.is_empty() {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
        ids = (0..online.unwrap_or(cores)).collect();
    }
    let online = online.unwrap_or(0).max(ids.len() as u32);
    (ids, online)
}

fn affinity(pid: u32) -> Option<Vec<u32>> {
    let pid = pid_of(pid).ok()?.as_raw_pid();
    let mut mask: Mask = [0; MASK_BITS / 64];
    // SAFETY: the size is that of the mask, which lives through the call; the C library writes no more than that.
    let done = unsafe { libc::sched_getaffinity(pid, size_of::<Mask>(), (&raw mut mask).cast()) };
    (done == 0).then(|| ids_of(&mask))
}

fn ids_of(mask: &Mask) -> Vec<u32> {
    (0..MASK_BITS as u32).filter(|id| mask[(id / 64) as usize] >> (id % 64) & 1 == 1).collect()
}

/// Ties the calling thread to these cores.
///
/// # Errors
/// `InvalidInput` for an empty list and for ids that no machine has; EINVAL where none of them may be used.
pub fn pin(core_ids: &[u32]) -> io::Result<()> {
    let mut mask: Mask = [0; MASK_BITS / 64];
    for id in core_ids {
        *mask.get_mut((id / 64) as usize).ok_or(io::ErrorKind::InvalidInput)? |= 1 << (id % 64);
    }
    if core_ids.is_empty() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: the size is that of the mask, which lives through the call and is only read. 0 is the calling thread.
    match unsafe { libc::sched_setaffinity(0, size_of::<Mask>(), (&raw const mask).cast()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// How many numbers `0-3,8,10-11` holds; none where it is no such list, or holds none.
fn count_of_ranges(text: &str) -> Option<u32> {
    let mut count = 0u32;
    for range in text.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        count = count.checked_add(last.checked_sub(first)?.checked_add(1)?)?;
    }
    Some(count)
}

/// What each core does, from `/proc/stat`: kept open, read in one piece.
///
/// The kernel counts in ticks of (mostly) 10 ms, so two samples should be 250 ms apart or more.
#[derive(Debug)]
pub struct CoreSampler {
    file: Option<File>,
    /// The cores that we may use, in order.
    core_ids: Vec<u32>,
    buffer: Vec<u8>,
}

/// What a core's line takes at most: its name, and ten numbers of up to twenty digits.
const LINE_BYTES: usize = 12 + 10 * 21;

impl CoreSampler {
    /// For the cores that this process may use.
    pub fn new() -> CoreSampler {
        let (core_ids, _) = cores();
        // Lines come in the order of ids, offline cores have none, and ours may be the last.
        let lines = core_ids.last().map_or(1, |id| *id as usize + 2);
        CoreSampler { file: File::open("/proc/stat").ok(), core_ids, buffer: vec![0; lines * LINE_BYTES] }
    }

    /// What each core has done since the machine started, in the order of their ids; empty where the kernel does not
    /// tell.
    pub fn sample(&mut self) -> Vec<(u32, CoreTimes)> {
        let mut times = Vec::with_capacity(self.core_ids.len());
        let Some(file) = &self.file else {
            return times;
        };
        let mut filled = 0;
        while filled < self.buffer.len() {
            match file.read_at(&mut self.buffer[filled..], filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return times,
            }
        }
        each_core(&self.buffer[..filled], |id, core| {
            if self.core_ids.binary_search(&id).is_ok() {
                times.push((id, core));
            }
        });
        times
    }
}

impl Default for CoreSampler {
    fn default() -> Self {
        CoreSampler::new()
    }
}

/// Calls `found` for each core's line. A line without its end is a line that was cut, and passed over.
///
/// ```text
/// cpu3 4705 356 584 3699176 23060 0 277 12 0 0
///      user nice system idle iowait irq softirq steal guest guest_nice      (older kernels: fewer)
/// ```
/// A guest's time is in `user` and `nice` already, and is not counted again.
fn each_core(text: &[u8], mut found: impl FnMut(u32, CoreTimes)) {
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").and_then(|line| line.strip_prefix(b"cpu"));
        if let Some((id, times)) = line.and_then(|line| std::str::from_utf8(line).ok()).and_then(parse_core) {
            found(id, times);
        }
    }
}

fn parse_core(line: &str) -> Option<(u32, CoreTimes)> {
    // The line of all cores together has a space here.
    let (id, fields) = line.split_once(' ')?;
    let mut ticks = [0u64; 8];
    let mut count = 0;
    for (tick, field) in ticks.iter_mut().zip(fields.split_ascii_whitespace()) {
        *tick = field.parse().ok()?;
        count += 1;
    }
    if count < 4 {
        return None;
    }
    let [user, nice, system, idle, iowait, irq, softirq, steal] = ticks;
    let sum = |parts: &[u64]| parts.iter().fold(0u64, |sum, part| sum.saturating_add(*part));
    let busy_ticks = sum(&[user, nice, system, irq, softirq]);
    Some((id.parse().ok()?, CoreTimes { busy_ticks, total_ticks: sum(&[busy_ticks, idle, iowait, steal]) }))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(text: &[u8]) -> Vec<(u32, u64, u64)> {
        let mut all = Vec::new();
        each_core(text, |id, times| all.push((id, times.busy_ticks, times.total_ticks)));
        all
    }

    #[test]
    fn lines_of_cores_are_read() {
        let check =
            |text: &str, expected: &[(u32, u64, u64)]| assert_eq!(parsed(text.as_bytes()), expected, "{text:?}");
        check("", &[]);
        check("cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 5\n", &[(0, 19, 36)]);
        check("cpu0 1 2 3 4\ncpu7 1 0 0 1 0 0 0 0 0 0\n", &[(0, 6, 10), (7, 1, 2)]);
        check("cpu0 1 2 3\n", &[]);
        check("cpu0 1 2 3 x 5\n", &[]);
        check("cpu0 1 2 3 4\ncpu1 1 2 3 4", &[(0, 6, 10)]);
        check("cpux 1 2 3 4\ncpu-1 1 2 3 4\ncpu99999999999 1 2 3 4\n", &[]);
        let most = u64::MAX;
        check(&format!("cpu0 {most} {most} 0 {most}\n"), &[(0, most, most)]);
    }

    #[test]
    fn ranges_are_counted() {
        let check = |text: &str, expected: Option<u32>| assert_eq!(count_of_ranges(text), expected, "{text:?}");
        check("0\n", Some(1));
        check("0-3\n", Some(4));
        check("0-3,8,10-11\n", Some(7));
        check("", None);
        check("3-0", None);
        check("0-4294967295", None);
        check("a-b", None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in any::<Vec<u8>>(), text in "(cpu[0-9]{0,3}( [0-9]{0,21}){0,11}\n?){0,6}") {
            for text in [&bytes[..], text.as_bytes()] {
                for (_, busy, total) in parsed(text) {
                    prop_assert!(busy <= total);
                }
            }
        }

        #[test]
        fn any_ranges_are_counted(text in ".*", ranges in "([0-9]{1,10}(-[0-9]{1,10})?,?){0,5}") {
            let _ = count_of_ranges(&text);
            let _ = count_of_ranges(&ranges);
        }
    }

    #[test]
    fn samples_never_go_back() {
        let mut sampler = CoreSampler::new();
        let first = sampler.sample();
        assert!(!first.is_empty(), "this machine has a /proc/stat");
        assert_eq!(first.iter().map(|(id, _)| *id).collect::<Vec<_>>(), sampler.core_ids);
        std::thread::sleep(std::time::Duration::from_millis(20));
        for ((_, before), (_, after)) in first.iter().zip(sampler.sample()) {
            assert!(before.busy_ticks <= after.busy_ticks);
        }
    }

    #[test]
    fn a_sampler_without_a_file_is_empty() {
        let mut sampler = CoreSampler { file: None, core_ids: vec![0], buffer: vec![0; 10] };
        assert_eq!(sampler.sample(), []);
    }

    #[test]
    fn a_thread_pins_itself_and_no_other() {
        let (allowed, _) = cores();
        let last = *allowed.last().expect("one core at least");
        let pinned = std::thread::spawn(move || {
            pin(&[last]).expect("a core that we may use");
            (affinity(super::super::thread_id()), cores().0)
        });
        assert_eq!(pinned.join().expect("it ran"), (Some(vec![last]), allowed.clone()));
        assert_eq!(cores().0, allowed);
        assert!(pin(&[]).is_err());
        assert!(pin(&[u32::MAX]).is_err());
    }
}
