# Upgrade, removal, purge, and what an administrator decided before.

install_and_wait
machine_push "$NEWER" /root/newer.deb
# A newer version, of which the configuration differs too.
rm -rf "$work/newest"
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

# Models elsewhere: by a link, by a file system, and by directories of the same one, which `rm` cannot tell.
store=/var/lib/ticketd
in_machine mkdir -p /srv/{linked,bound,"two words",deep} "$store"/{memory,bound,"two words",deep/er/models}
in_machine ln -s /srv/linked "$store/linked"
in_machine mount -t tmpfs tmpfs "$store/memory"
in_machine mount --bind /srv/bound "$store/bound"
in_machine mount --bind "/srv/two words" "$store/two words"
in_machine mount --bind /srv/deep "$store/deep/er/models"
same "the device of what is bound" "$(in_machine stat -c %d "$store")" "$(in_machine stat -c %d "$store/bound")"
mounts=(memory bound "two words" deep/er/models)
for models in "${mounts[@]}" linked deep/er deep models; do
    in_machine sh -c 'echo data >"$1/blob"' - "$store/$models"
done
purge() { in_machine dpkg -P ticketd 2>"$work/said" >/dev/null; }
check "purge" purge
for models in "${mounts[@]}"; do
    check "$models: mounted models are kept" in_machine test -f "$store/$models/blob"
done
for models in "${mounts[@]}"; do
    check "$models: that is told" grep -qxF "ticketd: $store/$models is kept, because something is mounted there" "$work/said"
done
check "linked models are kept" in_machine test -f /srv/linked/blob
same "nothing else is" "bound deep deep/er deep/er/models memory two words" \
    "$(in_machine find "$store" -mindepth 1 ! -name blob -printf '%P\n' | sort | xargs)"
same "and no file but theirs" ${#mounts[@]} "$(in_machine find "$store" -name blob | wc -l)"
for models in "${mounts[@]}"; do in_machine umount "$store/$models"; done
check "install again" dpkg_i /root/newer.deb
check "a purge after that" purge
for folder in /etc/ticketd "$store" /var/cache/ticketd /var/log/ticketd; do
    check "$folder is gone" in_machine test ! -e "$folder"
done

# All of its state elsewhere.
in_machine mkdir "$store"
in_machine mount --bind /srv/bound "$store"
check "install again" dpkg_i /root/newer.deb
check "purge" purge
check "the state is kept" in_machine test -f /srv/bound/blob
in_machine umount "$store"
in_machine rmdir "$store"

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
