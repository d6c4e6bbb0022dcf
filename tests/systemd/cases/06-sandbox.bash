# What the sandbox forbids is tried from inside, by a script in the service's place. Everything it tries, the
# same user can do without the sandbox, which a run of the same script shows before.

install_and_wait
same "verify says" "" "$(in_machine systemd-analyze verify --man=no "$UNIT" 2>&1)"
exposure() { in_machine systemd-analyze security --offline=true --threshold="$1" /lib/systemd/system/ticketd.service >/dev/null; }
check "exposure at most 1.1" exposure 11
tell "$(in_machine systemd-analyze security "$UNIT" | tail -n 1)"
main=$(prop MainPID)
same "no new privileges" 1 "$(in_machine sed -n 's/^NoNewPrivs:[[:space:]]*//p' "/proc/$main/status")"
same "capabilities" 0000000000000000 "$(in_machine sed -n 's/^CapBnd:[[:space:]]*//p' "/proc/$main/status")"

# Places where permissions stop nobody, so that the sandbox has to.
in_machine bash -euo pipefail <<'OPEN'
for folder in / /etc /etc/ticketd /usr /usr/bin /boot /home /root /var /var/lib /run /opt /srv /dev; do
    mkdir -m 777 "$folder/open"
    touch "$folder/open/file"
    chmod 666 "$folder/open/file"
done
chmod 755 /root
mkdir /sys/fs/cgroup/open.slice /sys/fs/cgroup/system.slice/open.service
chmod 777 /sys/fs/cgroup/open.slice /sys/fs/cgroup/system.slice/open.service
mknod -m 666 /dev/null-of-the-test c 1 3
touch /tmp/outside
perl -e 'defined msgget(12345, 01666) or die $!'
# Set-uid programs of root: one that tells who it is, and one that runs another program.
install -m 4755 /usr/bin/whoami /usr/local/bin/whoami-as-root
install -m 4755 /usr/bin/setpriv /usr/local/bin/setpriv-as-root
OPEN

in_machine tee /usr/local/bin/tries >/dev/null <<'TRIES'
#!/bin/bash
# Each line: what was tried, and whether it was possible.
try() { if "${@:2}" >/dev/null 2>/tmp/why; then echo "tried $1: yes"; else echo "tried $1: no ($(tail -n 1 /tmp/why))"; fi; }
create() { echo x >"$1/test.$$" && rm "$1/test.$$"; }
change() { echo x >>"$1"; }
run_from() { cp /bin/true "$1/test.$$" && chmod 755 "$1/test.$$" && "$1/test.$$"; }
set_uid() { cp /bin/true "$1/test.$$" && chmod 4755 "$1/test.$$"; }
as_root() { setpriv-as-root --reuid=0 --regid=0 --clear-groups "$@"; }
for folder in /var/lib/ticketd /var/cache/ticketd /var/log/ticketd /run/ticketd /tmp /var/tmp /dev/shm; do
    try "writing to $folder" create "$folder"
    try "running from $folder" run_from "$folder"
    rm -f "$folder/test.$$"
done
for folder in / /etc /etc/ticketd /usr /usr/bin /boot /home /root /var /var/lib /run /opt /srv /dev; do
    folder=${folder%/}/open
    try "creating in $folder" create "$folder"
    try "changing $folder/file" change "$folder/file"
done
own=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
try "creating in the own cgroup" mkdir "$own/of-the-test"
try "creating in another cgroup" mkdir "/sys/fs/cgroup/system.slice/open.service/$$"
try "creating in another slice" mkdir "/sys/fs/cgroup/open.slice/$$"
try "reading /root" ls /root
try "reading /home" ls /home/open
try "seeing another's /tmp" test -e /tmp/outside
try "seeing another user's process" test -e /proc/1/status
try "seeing another's message queue" perl -e 'defined msgget(12345, 0) or exit 1'
try "another device" sh -c 'echo x >/dev/null-of-the-test'
try "a set-uid program" sh -c '[ "$(whoami-as-root)" = root ]'
try "making a program set-uid" set_uid /var/lib/ticketd
rm -f "/var/lib/ticketd/test.$$"
try "a TCP socket" perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0) or die $!'
try "a netlink socket" perl -e 'socket(S, 16, 3, 0) or die $!'
try "a namespace" unshare --user true
try "another personality" setarch --addr-no-randomize true
try "memory to write and execute" perl -e 'syscall(9, 0, 4096, 7, 0x22, -1, 0) == -1 and die $!'
# What only root may do, by the set-uid program.
try "a raw socket as root" as_root perl -MSocket -e 'socket(S, AF_INET, SOCK_RAW, 1) or die $!'
try "a packet socket as root" as_root perl -e 'socket(S, 17, 3, 768) or die $!'
try "a mount as root" as_root unshare --mount mount -t tmpfs tmpfs /mnt
try "a device node as root" as_root mknod "/dev/shm/null.$$" c 1 3
try "the host's name as root" as_root hostname of-the-test
try "the kernel's messages as root" as_root dmesg
try "a message to the kernel as root" as_root sh -c 'echo x >/dev/kmsg'
try "real time as root" as_root chrt --fifo 1 true
try "a higher priority as root" as_root nice -n -5 true
try "a signal to another user's process as root" as_root sh -c 'kill -0 1'
try "the list of mounts" findmnt /
# The last mount on a place is the one that counts; those below /run/host are the machine's own.
echo "mounts $(findmnt -rno TARGET,OPTIONS | awk '{ last[$1] = $2 }
    END { for (place in last) if (last[place] ~ /^rw/ && last[place] !~ /noexec/) print place }' |
    grep -v '^/run/host/' | sort | xargs)"
TRIES
in_machine chmod 755 /usr/local/bin/tries

possible() { sed -n 's/^tried \(.*\): yes$/\1/p' <<<"$1"; }

free=$(in_machine systemd-run --quiet --wait --pipe --property=User=ticketd --property=Delegate=yes /usr/local/bin/tries)
same "impossible without the sandbox" "" "$(grep ': no' <<<"$free" || true)"
check "the root is writable and executable without it" grep -q '^mounts / ' <<<"$free"

drop_in '[Service]
Type=oneshot
Restart=no
WatchdogSec=0
ExecStart=
ExecStart=/usr/local/bin/tries'
from=$(mark)
in_machine systemctl restart "$UNIT"
tried=$(journal --cursor="$from" -u "$UNIT" -t tries -o cat)
while read -r line; do tell "$line"; done < <(grep ': no' <<<"$tried")
same "as many things were tried" "$(grep -c '^tried ' <<<"$free")" "$(grep -c '^tried ' <<<"$tried")"
expected='a TCP socket
creating in the own cgroup
the list of mounts
writing to /dev/shm
writing to /run/ticketd
writing to /tmp
writing to /var/cache/ticketd
writing to /var/lib/ticketd
writing to /var/log/ticketd
writing to /var/tmp'
same "what is possible in the sandbox" "$(paste -sd, <<<"$expected")" "$(possible "$tried" | sort | paste -sd,)"
same "places that are writable and executable" mounts "$(grep '^mounts' <<<"$tried" | sed 's/ $//')"
