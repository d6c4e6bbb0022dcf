# A reload says how it went, and a wrong configuration fails once, with its reason.

install_and_wait
settings '[nodes]
ports = [11434, 11435]'
same "exit code of a good reload" 0 "$(in_machine systemctl reload "$UNIT"; echo $?)"
within 10 "a node less" has_count "$NODES" 2

settings '[nodes]
slots = 0'
same "exit code of a broken reload" 1 "$(in_machine systemctl reload "$UNIT" 2>/dev/null; echo $?)"
says() { [ -n "$(journal -u "$UNIT" "${@:2}" --grep "$1")" ]; }
within 5 "the journal names file, line and key" says 'config.d/test.toml:2: nodes.slots'
tell "$(journal -u "$UNIT" -o cat --grep 'nodes.slots' -n 1)"
same "it goes on" 200 "$(POST /summarize "$CALL")"
same "active" active "$(prop ActiveState)"

begin=${EPOCHREALTIME/./}
in_machine systemctl restart "$UNIT" 2>/dev/null || true
within 5 "a broken start fails" prop_is ActiveState failed
tell "after $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
same "exit code" 78 "$(prop ExecMainStatus)"
same "restarts" 0 "$(prop NRestarts)"
same "processes of the user" 0 "$(all_of_user)"

settings ''
same "exit code of a start that is right again" 0 "$(in_machine systemctl start "$UNIT"; echo $?)"
within 15 "3 nodes ready" has_ready 3
