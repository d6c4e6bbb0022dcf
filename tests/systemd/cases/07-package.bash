# Upgrade, removal, purge, and what an administrator decided before.

install_and_wait
machine_push "$NEWER" /root/newer.deb
# A newer version, of which the configuration differs too.
dpkg-deb -R "$NEWER" "$work/newest"
sed -i 's/^Version: .*/&+2/' "$work/newest/DEBIAN/control"
echo '# A line of the newest version.' >>"$work/newest/etc/ticketd/config.toml"
dpkg-deb -b --root-owner-group "$work/newest" "$work/newest.deb" >/dev/null
machine_push "$work/newest.deb" /root/newest.deb
dpkg_i() { in_machine dpkg --force-confdef --force-confold -i "$1" >/dev/null 2>&1 </dev/null; }

in_machine sed -i 's/^ports = .*/ports = [11434, 11435]/' /etc/ticketd/config.toml
check "upgrade" dpkg_i /root/newer.deb
within 15 "2 nodes, as edited" has_ready 2
check "upgrade to another default configuration" dpkg_i /root/newest.deb
within 15 "2 nodes, as edited" has_ready 2
check "the new defaults lie beside it" in_machine grep -q 'newest version' /etc/ticketd/config.toml.dpkg-dist

# A configuration that the new version refuses.
main=$(prop MainPID)
settings 'place.home = "nowhere"'
said=$(in_machine dpkg --force-confdef --force-confold -i /root/ticketd.deb 2>&1 </dev/null)
check "upgrade with a broken configuration tells so" grep -q 'place.home' <<<"$said"
same "the service goes on" "$main" "$(prop MainPID)"
in_machine rm /etc/ticketd/config.d/test.toml
in_machine systemctl restart "$UNIT"
within 15 "2 nodes ready" has_ready 2

in_machine systemctl disable --now "$UNIT" 2>/dev/null
check "upgrade when disabled" dpkg_i /root/ticketd.deb
same "still disabled" disabled "$(prop UnitFileState)"
same "still stopped" inactive "$(prop ActiveState)"
in_machine systemctl mask "$UNIT" 2>/dev/null
check "upgrade when masked" dpkg_i /root/newer.deb
same "still masked" masked "$(prop LoadState)"
same "still stopped" inactive "$(prop ActiveState)"
in_machine systemctl unmask "$UNIT" 2>/dev/null
in_machine systemctl enable --now "$UNIT" 2>/dev/null
within 15 "2 nodes ready" has_ready 2

in_machine sh -c 'echo data >/var/lib/ticketd/models/blob'
in_machine dpkg -r ticketd >/dev/null 2>&1
same "processes after the removal" 0 "$(all_of_user)"
check "data is kept" in_machine test -f /var/lib/ticketd/models/blob
check "the configuration is kept" in_machine grep -q '^ports = \[11434, 11435\]' /etc/ticketd/config.toml
check "install again" dpkg_i /root/newer.deb
within 15 "2 nodes, as edited" has_ready 2

# Models elsewhere: a link to a directory, and a file system that is mounted below.
in_machine sh -c 'mkdir -p /srv/models /srv/mounted && echo data | tee /srv/models/blob >/srv/mounted/blob'
in_machine ln -s /srv/models /var/lib/ticketd/linked
in_machine mkdir /var/lib/ticketd/mounted
in_machine mount -t tmpfs tmpfs /var/lib/ticketd/mounted
in_machine cp /srv/mounted/blob /var/lib/ticketd/mounted/
same "exit code of the purge" 0 "$(in_machine dpkg -P ticketd >/dev/null 2>&1; echo $?)"
check "linked models are kept" in_machine test -f /srv/models/blob
check "mounted models are kept" in_machine test -f /var/lib/ticketd/mounted/blob
in_machine umount /var/lib/ticketd/mounted
same "exit code of a purge after that" 0 "$(dpkg_i /root/newer.deb && in_machine dpkg -P ticketd >/dev/null 2>&1; echo $?)"
for folder in /etc/ticketd /var/lib/ticketd /var/cache/ticketd /var/log/ticketd; do
    check "$folder is gone" in_machine test ! -e "$folder"
done

# What is not usable yet does not fail the installation.
settings '[nodes]
slots = 0'
check "install with a wrong configuration" dpkg_i /root/ticketd.deb
within 10 "failed" prop_is ActiveState failed
check "the journal says why" [ -n "$(journal -u "$UNIT" --grep 'nodes.slots')" ]
in_machine dpkg -P ticketd >/dev/null 2>&1
in_machine rm /usr/bin/ollama
check "install without Ollama" dpkg_i /root/ticketd.deb
within 10 "active" prop_is ActiveState active
status() { in_machine ticketd status || true; }
says_so() { status | grep -q '^11434: .*ollama'; }
within 10 "status says what is missing" says_so
tell "$(status | grep -m 1 '^11434: ')"
