# nginx in front, by the shipped example: the host's nginx, in the machine's network.

install_and_wait
front=$work/front
mkdir -p "$front/conf.d"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -keyout "$front/ticketd.key" -out "$front/ticketd.crt" 2>/dev/null
sed "s|/etc/nginx/|$front/|" packaging/nginx/ticketd.conf >"$front/conf.d/ticketd.conf"
cat >"$front/nginx.conf" <<NGINX
daemon off;
pid $front/pid;
error_log $front/error.log;
events {}
http {
    access_log off;
    include conf.d/*.conf;
}
NGINX
check "nginx -t" nginx -t -q -p "$front" -c nginx.conf
same "what nginx -t says" "" "$(nginx -t -q -p "$front" -c nginx.conf 2>&1)"
nsenter -t "$LEADER" -n nginx -p "$front" -c nginx.conf &
nginx=$!
trap 'kill "$nginx" 2>/dev/null; machine_kill' EXIT
front() { in_machine curl -sk -m 30 "$@"; }
is_up() { front -f -o /dev/null https://localhost/healthz; }
within 5 "nginx answers" is_up
same "status of /summarize" 200 "$(front -o /dev/null -w '%{http_code}' https://localhost/summarize -d "$CALL")"
same "the caller's id" of-the-test "$(front -o /dev/null -w '%header{x-request-id}' -H 'X-Request-Id: of-the-test' https://localhost/health)"
check "an id of nginx" [ -n "$(front -o /dev/null -w '%header{x-request-id}' https://localhost/health)" ]
same "http is sent on" 308 "$(front -o /dev/null -w '%{http_code}' http://localhost/health)"
same "/admin" 403 "$(front -o /dev/null -w '%{http_code}' https://localhost/admin/status)"
head -c 1500000 /dev/zero >"$work/large"
machine_push "$work/large" /root/large
same "too large a body" '"code":"body_too_large"' \
    "$(front https://localhost/summarize --data-binary @/root/large | grep -o '"code": *"[a-z_]*"' | tr -d ' ')"

# Events come one by one: the first one while the node still works on the answer.
for port in 11434 11435 11436; do
    in_machine curl -s -f -o /dev/null "http://127.0.0.1:$port/fake" -H 'Content-Type: application/json' \
        -d '{"delay_ms": 2000}'
done
first_and_last=$(front -N https://localhost/summarize -H 'Accept: text/event-stream' -d "$CALL" |
    while read -r line; do
        [[ $line != event:* ]] || echo "${line#event: } ${EPOCHREALTIME/./}"
    done | sed -n '1p;$p' | xargs)
read -r first begin last end <<<"$first_and_last"
tell "event $first, and $(((end - begin) / 1000)) ms later event $last"
same "the last event" "done" "$last"
check "unbuffered" [ $((end - begin)) -gt 1500000 ]
