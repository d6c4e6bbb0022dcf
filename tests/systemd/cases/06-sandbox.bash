# What the sandbox forbids is tried from inside, by a script in the service's place.

install_and_wait
same "verify says" "" "$(in_machine systemd-analyze verify --man=no "$UNIT" 2>&1)"
check "exposure at most 1.1" in_machine systemd-analyze security --offline=true --threshold=11 \
    /lib/systemd/system/ticketd.service >/dev/null
tell "$(in_machine systemd-analyze security "$UNIT" | tail -n 1)"
main=$(prop MainPID)
same "no new privileges" 1 "$(in_machine sed -n 's/^NoNewPrivs:[[:space:]]*//p' "/proc/$main/status")"
same "capabilities" 0000000000000000 "$(in_machine sed -n 's/^CapBnd:[[:space:]]*//p' "/proc/$main/status")"

in_machine tee /usr/local/bin/tries >/dev/null <<'TRIES'
#!/bin/bash
# Each line: what was tried, and whether it was possible.
try() { if "${@:2}" >/dev/null 2>&1; then echo "tried $1: yes"; else echo "tried $1: no"; fi; }
write() { echo x >"$1/file-of-the-test"; }
run_from() { cp /bin/true "$1/true-of-the-test" && chmod 755 "$1/true-of-the-test" && "$1/true-of-the-test"; }
for folder in /var/lib/ticketd /var/cache/ticketd /var/log/ticketd /run/ticketd /tmp /var/tmp /dev/shm; do
    try "writing to $folder" write "$folder"
    try "running from $folder" run_from "$folder"
done
for folder in / /etc /etc/ticketd /usr /usr/bin /boot /home /root /var /var/lib /run /opt /srv /dev \
    /sys/fs/cgroup /sys/fs/cgroup/system.slice; do
    try "writing to $folder" write "$folder"
done
try "writing to the own cgroup" mkdir /sys/fs/cgroup/system.slice/ticketd.service/of-the-test
try "setting a kernel variable" sh -c 'echo x >/proc/sys/kernel/hostname'
try "reading /root" ls /root
try "a set-uid program" sh -c 'mount -t tmpfs tmpfs /tmp'
try "making a program set-uid" sh -c 'cp /bin/true /var/lib/ticketd/suid && chmod 4755 /var/lib/ticketd/suid'
try "a raw socket" perl -MSocket -e 'socket(S, AF_INET, SOCK_RAW, 1) or exit 1'
try "a packet socket" perl -e 'socket(S, 17, 3, 768) or exit 1'
try "a netlink socket" perl -e 'socket(S, 16, 3, 0) or exit 1'
try "a TCP socket" perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0) or exit 1'
try "a namespace" unshare --user true
try "a disk" sh -c 'mknod /tmp/disk b 8 0'
try "a message to the kernel" sh -c 'echo x >/dev/kmsg'
try "another user's process" sh -c 'kill -0 1'
try "seeing another user's process" ls /proc/1/fd
# The last mount on a place is the one that counts; those below /run/host are the machine's own.
echo "mounts $(findmnt -rno TARGET,OPTIONS | awk '{ last[$1] = $2 }
    END { for (place in last) if (last[place] ~ /^rw/ && last[place] !~ /noexec/) print place }' |
    grep -v '^/run/host/' | sort | xargs)"
TRIES
in_machine chmod 755 /usr/local/bin/tries
drop_in '[Service]
Type=oneshot
Restart=no
WatchdogSec=0
ExecStart=
ExecStart=/usr/local/bin/tries'
in_machine systemctl restart "$UNIT"
tried=$(journal -u "$UNIT" -o cat --grep '^(tried|mounts) ' | sort)
possible=$(grep ': yes' <<<"$tried" | sed 's/^tried //; s/: yes$//')
tell "$(grep -c '^tried' <<<"$tried") things tried, $(wc -l <<<"$possible") possible:"
while read -r line; do tell "  $line"; done <<<"$possible"
expected='a TCP socket
writing to /dev/shm
writing to /run/ticketd
writing to /tmp
writing to /var/cache/ticketd
writing to /var/lib/ticketd
writing to /var/log/ticketd
writing to /var/tmp
writing to the own cgroup'
check "that is what should be possible" [ "$(sort <<<"$expected")" = "$(sort <<<"$possible")" ]
same "places that are writable and executable" "" "$(sed -n 's/^mounts //p' <<<"$tried")"
