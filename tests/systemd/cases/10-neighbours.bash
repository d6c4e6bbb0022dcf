# Beside the official ollama.service, and with tokens as credentials.

# Somebody has the address.
in_machine systemd-run --quiet --unit=other --setenv=OLLAMA_HOST=127.0.0.1:8001 /usr/bin/ollama serve
install &
told() { journal -u "$UNIT" -o cat | grep -q 'somebody has the address'; }
within 10 "who has the address is told" told
in_machine systemctl stop other
within 5 "active as soon as it is free" prop_is ActiveState active
wait
same "no part panicked" 0 "$(journal -u "$UNIT" TICKETD_EVENT=panicked -o cat | wc -l)"
same "restarts" 0 "$(prop NRestarts)"
in_machine dpkg -P ticketd >/dev/null 2>&1

# As the official script makes it: a user of its own, whose models only its group may read.
in_machine groupadd -r ollama
in_machine useradd -r -g ollama -s /bin/false -m -d /usr/share/ollama ollama
in_machine install -d -o ollama -g ollama -m 750 /usr/share/ollama/.ollama /usr/share/ollama/.ollama/models \
    /usr/share/ollama/.ollama/models/manifests
in_machine chmod 750 /usr/share/ollama
in_machine tee /etc/systemd/system/ollama.service >/dev/null <<'OFFICIAL'
[Service]
ExecStart=/usr/bin/ollama serve
User=ollama
Group=ollama
Restart=always
OFFICIAL
in_machine systemctl daemon-reload
in_machine systemctl start ollama.service
theirs=$(in_machine systemctl show -P MainPID ollama.service)
listens() { in_machine curl -s -f -o /dev/null http://127.0.0.1:11434/api/version; }
within 5 "the official Ollama listens" listens
settings '[nodes]
models_dir = "/usr/share/ollama/.ollama/models"'
install
within 10 "active" prop_is ActiveState active
# Its exit code tells whether a node is ready, which is not what is asked here.
status() { in_machine ticketd status || true; }
is_adopted() { status | grep -q '^11434 .*adopted'; }
within 10 "11434 is adopted" is_adopted
cannot() { status | grep -q 'models directory .* cannot be used'; }
within 10 "its models are not ticketd's to read" cannot
tell "$(status | grep -m 1 '^11435: ')"
in_machine mkdir -p "/etc/systemd/system/$UNIT.d"
in_machine cp /usr/share/doc/ticketd/examples/official-ollama.conf "/etc/systemd/system/$UNIT.d/"
in_machine systemctl daemon-reload
in_machine systemctl restart "$UNIT"
within 15 "3 nodes ready with the drop-in" has_ready 3
same "node processes of ticketd" 2 "$(count "$NODES")"
in_machine systemctl stop "$UNIT"
same "the official Ollama went on" "$theirs" "$(in_machine systemctl show -P MainPID ollama.service)"

# Tokens that only root can read.
in_machine sh -c 'umask 077; mkdir -p /etc/credstore; echo secret-of-the-test-0123 >/etc/credstore/ticketd.tokens'
settings '[server]
tokens_file = "/run/credentials/ticketd.service/ticketd.tokens"'
in_machine systemctl start "$UNIT"
within 15 "3 nodes ready" has_ready 3
same "without a token" 401 "$(POST /summarize "$CALL")"
same "with the token" 200 "$(POST /summarize "$CALL" -H 'Authorization: Bearer secret-of-the-test-0123')"
