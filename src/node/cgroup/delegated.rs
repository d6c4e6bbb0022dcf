//! Finds the cgroup of ticketd's unit, and whether it is ticketd's to divide.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustix::fs::getxattr;

/// What systemd writes on a cgroup that it leaves to a unit; unlike `trusted.delegate`, anybody may read
/// it (systemd 251 and later).
const MARK: &str = "user.delegate";

/// The directory of this process's cgroup, if it is delegated; the error says why there is none.
pub(super) fn unit() -> Result<PathBuf, &'static str> {
    let read = |file: &str| fs::read_to_string(file).map_err(|_| "/proc cannot be read");
    let (own, mounts) = (read("/proc/self/cgroup")?, read("/proc/self/mountinfo")?);
    let unit = place(&own, &mounts)?;
    // Without this check ticketd would take apart the cgroup of whatever started it.
    let mut mark = [0; 8];
    match getxattr(&unit, MARK, &mut mark) {
        Ok(length) if mark.get(..length) == Some(b"1".as_slice()) => Ok(unit),
        Ok(_) | Err(_) => Err("the cgroup is not delegated"),
    }
}

/// The directory of a process's own cgroup, by `/proc/self/cgroup` and `/proc/self/mountinfo`.
fn place(own: &str, mounts: &str) -> Result<PathBuf, &'static str> {
    let own = own.lines().find_map(|line| line.strip_prefix("0::"));
    let own = Path::new(own.ok_or("there is no cgroup v2")?);
    if own == Path::new("/") {
        return Err("the process is in the root of all cgroups");
    }
    let below = |line: &str| {
        let (mount, kind) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        let is_v2 = kind.split(' ').next() == Some("cgroup2");
        let rest = own.strip_prefix(root).ok().filter(|_| is_v2)?;
        Some(Path::new(point).join(rest).components().collect())
    };
    mounts.lines().find_map(below).ok_or("the cgroup is not mounted")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 0:20 / /sys rw,nosuid - sysfs sysfs rw
30 22 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
31 22 0:27 / /sys/fs/cgroup ro,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
32 31 0:27 /system.slice/ticketd.service /sys/fs/cgroup/system.slice/ticketd.service rw - cgroup2 cgroup2 rw
";

    #[test]
    fn the_own_cgroup_is_found_below_the_mount_of_version_two() {
        let hybrid = MOUNTS.replace("/sys/fs/cgroup ro", "/sys/fs/cgroup/unified ro");
        let bound = MOUNTS.lines().skip(3).collect::<Vec<_>>().join("\n");
        let table = [
            ("0::/system.slice/a.service\n", MOUNTS, Ok("/sys/fs/cgroup/system.slice/a.service")),
            ("4:memory:/x\n0::/a.service\n", &hybrid, Ok("/sys/fs/cgroup/unified/a.service")),
            (
                "0::/system.slice/ticketd.service\n",
                &bound,
                Ok("/sys/fs/cgroup/system.slice/ticketd.service"),
            ),
            ("0::/system.slice/a.service\n", &bound, Err("the cgroup is not mounted")),
            ("4:memory:/x\n", MOUNTS, Err("there is no cgroup v2")),
            ("0::/\n", MOUNTS, Err("the process is in the root of all cgroups")),
            ("0::/a.service\n", "", Err("the cgroup is not mounted")),
        ];
        for (own, mounts, expected) in table {
            assert_eq!(place(own, mounts), expected.map(PathBuf::from), "{own}");
        }
    }
}
