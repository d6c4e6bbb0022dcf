# What no longer moves is killed and started anew, with all its nodes and none too many.

install_and_wait
limit=$(($(prop WatchdogUSec | sed 's/s$//') + 5))
same "node processes before" 3 "$(count "$NODES")"

# SIGNAL: what makes ticketd hang.
hangs_and_is_back() {
    local main
    main=$(prop MainPID)
    in_machine kill -s "$1" "$main"
    is_another() { [ "$(prop MainPID)" != "$main" ] && prop_is SubState running; }
    within "$limit" "$2: another process is ready" is_another
    within 15 "3 nodes ready" has_ready 3
    same "node processes after" 3 "$(count "$NODES")"
    same "processes of the user" 4 "$(all_of_user)"
    check "the watchdog did it" [ -n "$(journal -u "$UNIT" --grep 'Watchdog timeout')" ]
    same "status of /summarize" 200 "$(POST /summarize "$CALL")"
}
hangs_and_is_back STOP "stopped"

# The same with a balancer that does nothing for ever while all else goes on, which a build with the
# feature fault-injection does at SIGUSR1.
machine_push "$WEDGEABLE" /usr/bin/ticketd
in_machine systemctl restart "$UNIT"
within 15 "3 nodes ready" has_ready 3
hangs_and_is_back USR1 "balancer wedged"
