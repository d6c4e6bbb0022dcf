# What no longer moves is killed and started anew, with all its nodes and none too many.

install_and_wait
watchdog=$(prop WatchdogUSec | sed 's/s$//')

# hangs_and_is_back SIGNAL WHAT TOLD: the signal makes ticketd hang; TOLD is what the watchdog's event names.
hangs_and_is_back() {
    local main restarts from
    main=$(prop MainPID) restarts=$(prop NRestarts)
    same "$2: node processes before" 3 "$(count "$NODES")"
    same "$2: processes of the user before" 4 "$(all_of_user)"
    from=$(mark)
    in_machine kill -s "$1" "$main"
    is_another() { [ "$(prop MainPID)" != "$main" ] && prop_is SubState running; }
    within $((watchdog + 5)) "$2: another process is ready" is_another
    # The last ping came at most half a second before the signal. What dies by itself is back sooner.
    check "$2: not before the watchdog's time" [ "$TOOK" -ge $((watchdog * 1000 - 1000)) ]
    within 15 "$2: 3 nodes ready" has_ready 3
    same "$2: node processes after" 3 "$(count "$NODES")"
    same "$2: processes of the user after" 4 "$(all_of_user)"
    same "$2: restarts" $((restarts + 1)) "$(prop NRestarts)"
    same "$2: systemd's watchdog messages" 1 \
        "$(journal --cursor="$from" -u "$UNIT" _PID=1 -o cat | grep -c '^ticketd.service: Watchdog timeout (limit ')"
    same "$2: who was silent" "$3" \
        "$(journal --cursor="$from" -u "$UNIT" TICKETD_EVENT=watchdog_stale -o json | grep -o '"SILENT":"[^"]*"')"
    same "$2: status of /summarize" 200 "$(POST /summarize "$CALL")"
}
hangs_and_is_back STOP "stopped" ""

# The same with a balancer that does nothing for ever while all else goes on, which a build with the
# feature fault-injection does at SIGUSR1. A program that runs can be replaced, but not written to.
machine_push "$WEDGEABLE" /usr/bin/ticketd.new
in_machine mv /usr/bin/ticketd.new /usr/bin/ticketd
in_machine systemctl restart "$UNIT"
within 15 "3 nodes ready" has_ready 3
same "what runs" "$(sha256sum <"$WEDGEABLE")" "$(in_machine sha256sum "/proc/$(prop MainPID)/exe" | sed 's/ .*/  -/')"
hangs_and_is_back USR1 "balancer wedged" '"SILENT":"balancer"'
