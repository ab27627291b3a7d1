#!/usr/bin/env bash
# Tries the Debian package as its administrator would: in a small Debian of its own, with systemd as init and
# the demo's news site on loopback, it is installed, set up, started, asked, reloaded, killed, upgraded,
# removed and purged. Takes root, debootstrap, systemd-nspawn (package systemd-container) and python3; where
# they are missing it says that it was skipped, or fails if VIGIA_TESTS_NEED names `package`.
#
#     tests/package.sh [PACKAGE.deb]        without one: deploy/package.sh makes it
#
# The small Debian is kept under target/package-test, so that it is fetched once.
set -euo pipefail
cd "$(dirname "$0")/.."

PATIENCE=90 # seconds that anything is waited for
TOKEN=a-token-for-the-test
METRICS=127.0.0.1:9469

skip() {
  case ,${VIGIA_TESTS_NEED-}, in *,package,*) echo "failed: $*" >&2; exit 1 ;; esac
  echo "skipped: $*"
  exit 0
}
[ "$(id -u)" = 0 ] || skip "it takes root"
for tool in debootstrap systemd-nspawn nsenter python3; do
  command -v $tool >/dev/null || skip "there is no $tool"
done

folder=$(mktemp -d)
root=$folder/root
container='' site=''
clean_up() {
  [ -z "$site" ] || kill "$site" 2>/dev/null || true
  if [ -n "$container" ] && kill "$container" 2>/dev/null; then
    timeout 20 tail --pid="$container" -f /dev/null || kill -9 "$container" 2>/dev/null || true
    wait "$container" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap clean_up EXIT

# --- what the steps are written in

step() { printf '\n== %s\n' "$*"; }
fail() {
  echo "FAILED: $*" >&2
  [ -z "$container" ] || { inside journalctl -u vigia --no-pager -n 40; inside vigia status --json; } >&2 || true
  exit 1
}
# `check WHAT COMMAND…`: the command succeeds. `refused WHAT COMMAND…`: it does not.
check() { local what=$1; shift; "$@" >"$folder/said" 2>&1 || { cat "$folder/said" >&2; fail "$what"; }; echo "ok: $what"; }
refused() { local what=$1; shift; ! "$@" >"$folder/said" 2>&1 || { cat "$folder/said" >&2; fail "$what"; }; echo "ok: $what"; }
# `says WHAT TEXT`: the command before it said so.
says() { grep -q -- "$2" "$folder/said" || { cat "$folder/said" >&2; fail "$1"; }; echo "ok: $1"; }
# `same WHAT WANTED FOUND`
same() { [ "$2" = "$3" ] || fail "$1: wanted \`$2\`, found \`$3\`"; echo "ok: $1"; }
# `eventually WHAT COMMAND…`: the command succeeds in time.
eventually() {
  local what=$1 end=$((SECONDS + PATIENCE)); shift
  until "$@" >"$folder/said" 2>&1; do
    [ $SECONDS -lt $end ] || { cat "$folder/said" >&2; fail "$what, in $PATIENCE s"; }
    sleep 0.3
  done
  echo "ok: $what"
}
# A command in the container, as a login of its own would have it.
inside() { nsenter --all --target "$init" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
as() { local who=$1; shift; inside setpriv --reuid "$who" --regid "$who" --init-groups "$@"; }
property() { inside systemctl show --value --property "$1" vigia; }
# A number out of `vigia status --json`, by its path.
status() { inside vigia status --json | python3 -c "import json, sys
now = json.load(sys.stdin)
for key in sys.argv[1:]: now = now[key]
print(now)" "$@"; }
lines() { inside sh -c 'cat /var/lib/vigia/stories/stories-*.jsonl | wc -l'; }
ids() { inside sh -c 'cat /var/lib/vigia/stories/stories-*.jsonl' | sed 's/.*"id":"\([0-9a-f]*\)".*/\1/' | sort; }

# --- the machine

package=${1-}
if [ -z "$package" ]; then
  step "the package"
  package=$(deploy/package.sh | tail -n 1)
fi

base=target/package-test/base.tar
if [ ! -f $base ]; then
  step "a small Debian"
  # From where this machine has its own packages; where it is no Debian, the user says it.
  codename=${VIGIA_TESTS_SUITE:-$(. /etc/os-release; echo "${VERSION_CODENAME-}")}
  mirror=${VIGIA_TESTS_MIRROR:-$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
    awk -v suite="$codename" '$1 == suite { print $2; exit }')}
  [ -n "$mirror" ] || skip "no package source for \`$codename\`"
  mkdir -p target/package-test
  timeout 590 debootstrap --variant=minbase --include=systemd,systemd-sysv,ca-certificates,curl \
    "$codename" "$root" "$mirror" >"$folder/log" 2>&1 || { tail "$folder/log" >&2; skip "no small Debian could be made"; }
  tar -C "$root" -cf $base.new . && mv $base.new $base
else
  mkdir "$root" && tar -C "$root" -xf $base
fi

step "systemd as init"
install -m 644 "$package" "$root/root/vigia.deb"
mkdir -p "$root/var/log/journal"
# It shares the network of this machine: loopback is all that it is meant to talk to.
systemd-nspawn --quiet --directory "$root" --boot --register=no --keep-unit </dev/null >"$folder/console" 2>&1 &
container=$!
init=
booted() {
  init=$(pgrep -P "$container" | head -n 1)
  [ -n "$init" ] && inside systemctl is-system-running | grep -qE 'running|degraded'
}
eventually "it is up" booted

# --- a first day

step "installed"
check "apt installs it" inside apt-get install -qy /root/vigia.deb
says "and says what comes next" "systemctl enable --now vigia"
check "every file is as it was packed" inside dpkg --verify vigia
same "what lies in /etc is a conffile, and nothing else" \
  "$(inside sh -c 'find /etc/vigia -type f | sort')" \
  "$(inside dpkg-query -f '${Conffiles}\n' -W vigia | awk 'NF { print $1 }' | sort)"
same "it has a user of its own, whom nobody logs in as" /usr/sbin/nologin \
  "$(inside getent passwd vigia | cut -d: -f7)"
same "it is not started" inactive "$(property ActiveState)"
same "nor will it be" disabled "$(property UnitFileState)"
check "the unit is sound" inside sh -c '! systemd-analyze verify --man=no vigia.service 2>&1 | grep vigia'
check "the unit is shut tight" inside systemd-analyze security --threshold=12 vigia.service
for file in man/man1/vigia.1.gz man/man1/vigia-feeds-list.1.gz bash-completion/completions/vigia \
  zsh/vendor-completions/_vigia fish/vendor_completions.d/vigia.fish vigia/vigia.toml; do
  check "there is $file" inside test -s /usr/share/$file
done
check "bash takes the completions" inside bash -c '. /usr/share/bash-completion/completions/vigia; complete -p vigia'
check "the demo needs nothing" inside sh -c 'mkdir /tmp/demo && cd /tmp/demo && vigia demo'
says "and tells what it kept" " kept, .* 0 failed"
check "the configuration is good" inside vigia check
says "and waits for a contact" "names no contact"

step "set up"
exec 3< <(exec python3 tests/package_site.py $TOKEN)
site=$!
read -r -t $PATIENCE address <&3 || fail "the news site does not start"
# Feeds of one's own instead of those that came along.
inside sh -c 'rm /etc/vigia/feeds/*.toml'
inside sh -c 'cat >/etc/vigia/feeds/mine.toml' <<END
[[feed]]
id = "mirador"
url = "$address/es/rss.xml"
[[feed]]
id = "gazeta"
url = "$address/pt/rss.xml"
country = "BR"
auth = { bearer = { credential = "gazeta" } }
END
inside sh -c 'cat >>/etc/vigia/vigia.toml' <<END

[listen]
address = "$METRICS"
END
# Without the last two lines nothing on loopback would be fetched, and each page five seconds after the other.
inside sed -i 's|^user_agent = .*|user_agent = "vigia/0.1 (+mailto:desk@localhost)"\nallow_private_networks = true\nhost_gap = "0s"|' \
  /etc/vigia/vigia.toml
inside sh -c "install -d -m 700 /etc/vigia/credentials /etc/systemd/system/vigia.service.d
umask 077; echo $TOKEN >/etc/vigia/credentials/gazeta"
inside sh -c 'cat >/etc/systemd/system/vigia.service.d/override.conf' <<END
[Service]
LoadCredential=gazeta:/etc/vigia/credentials/gazeta
END
inside systemctl daemon-reload
check "the configuration is good" inside vigia check
same "with nothing left to say" "" "$(grep "^vigia: " "$folder/said")"
check "texts are judged as expected" inside vigia test
says "all of them" "^\([0-9]*\) of \1 as expected"

check "a feed is tried" inside vigia feeds check mirador
says "and answers" "^mirador *ok"

step "started"
check "it starts" inside systemctl enable --now vigia
same "it runs" active "$(property ActiveState)"
pid=$(property MainPID)
same "as a user of its own" vigia "$(inside stat -c %U "/proc/$pid")"
# The demo's Spanish and Portuguese feeds show eight entries and two.
settled() { [ "$(status classify taken)" = 10 ] && [ "$(status sink ended kept)" = "$(status classify passed)" ]; }
eventually "it fetches all that the feeds show, one of them with its login" settled
kept=$(status sink ended kept)
[ "$kept" -ge 4 ] || fail "of ten stories only $kept were kept"

step "four accounts of the same"
same "the record has what the status says" "$kept" "$(lines)"
metric() { inside curl -sf "http://$METRICS/metrics" | awk -v name="$1" '$1 == name { print $2 }'; }
same "so do the metrics" "$kept" "$(metric 'vigia_stage_ended_total{stage="sink",ending="kept",reason=""}')"
check "it is ready" inside curl -sf "http://$METRICS/ready"
told() { property StatusText | grep -q ", $kept kept, "; }
eventually "so does systemd's status line" told
logged() { inside journalctl --unit vigia --quiet --output cat "MESSAGE=so far" "KEPT=$kept" | grep -q .; }
eventually "so does the log, which sums up once a minute" logged
same "feeds and their health" "2 ok" "$(inside vigia feeds list --json | grep -o '"health":"[a-z]*"' | sort | uniq -c | awk '{ print $1, $2 }' | sed 's/"health":"\(.*\)"/\1/')"

check "every entry is accounted for" inside vigia feeds balance
check "nobody is unwell" inside vigia feeds doctor
check "a story says why it was kept" inside sh -c 'vigia explain /var/lib/vigia/stories/stories-*.jsonl'
says "in so many words" "^KEPT"
same "the log has no warning" "" "$(inside journalctl --unit vigia --quiet --priority warning)"

# Drawn in a terminal of 24 rows and 100 columns, where what stands in one place is written once.
inside sh -c '(sleep 3; printf q) | script -qec "stty rows 24 cols 100; vigia top" /dev/null' \
  >"$folder/said" 2>&1 </dev/null || fail "vigia top ends"
says "vigia top draws the last story" "last kept stories"

step "who may see it"
same "the state is the service's and its group's" "vigia:vigia 750" "$(inside stat -c '%U:%G %a' /var/lib/vigia)"
same "stories are not for everybody" 640 "$(inside sh -c 'stat -c %a /var/lib/vigia/stories/stories-*.jsonl')"
inside useradd ana
inside useradd berta
inside usermod -aG vigia ana
check "a member of the group asks for the status" as ana vigia status
check "and for the feeds" as ana vigia feeds list
check "and reads stories" as ana sh -c 'cat /var/lib/vigia/stories/stories-*.jsonl'
check "and checks the record" as ana vigia verify
refused "nobody else does" as berta vigia status
refused "nor reads them" as berta sh -c 'cat /var/lib/vigia/stories/stories-*.jsonl'
refused "the secret is for no reader" as ana cat /etc/vigia/credentials/gazeta

step "reloaded"
printf '[[feed]]\nid = "isthmus"\nurl = "%s/en/rss.xml"\n' "$address" | inside sh -c 'cat >/etc/vigia/feeds/more.toml'
check "systemctl reload takes it" inside systemctl reload vigia
same "the process is the same" "$pid" "$(property MainPID)"
same "there is a feed more" 3 "$(status feeds)"
more() { [ "$(status sink ended kept)" -gt "$kept" ]; }
eventually "and its stories come" more
inside sh -c 'echo "[[fed]]" >>/etc/vigia/feeds/more.toml'
refused "a mistake is refused" inside systemctl reload vigia
same "and changes nothing" 3 "$(status feeds)"
refused "the check names the line" inside vigia check
says "with the file" "more.toml"
inside sed -i '/^\[\[fed\]\]/d' /etc/vigia/feeds/more.toml
check "mended, it is taken" inside systemctl reload vigia

step "killed"
sleep 1
before=$(ids)
inside systemctl kill --signal KILL --kill-who main vigia
restarted() { [ "$(property ActiveState)" = active ] && [ "$(property MainPID)" != "$pid" ]; }
eventually "systemd starts it again" restarted
pid=$(property MainPID)
same "the record is the same" "$before" "$(ids)"

step "upgraded"
dpkg-deb -R "$package" "$folder/second"
version=$(dpkg-deb -f "$package" Version)
sed -i "s/^Version: .*/Version: $version.1/" "$folder/second/DEBIAN/control"
echo "# The second version's." | tee -a "$folder/second/etc/vigia/vigia.toml" >>"$folder/second/etc/vigia/feeds/ar.toml"
echo "# The second version's." >>"$folder/second/usr/share/vigia/vigia.toml"
(cd "$folder/second" && find . -type f -not -path './DEBIAN/*' -printf '%P\0' | xargs -0 md5sum >DEBIAN/md5sums)
dpkg-deb -Zgzip -z1 -b "$folder/second" "$root/root/second.deb" >/dev/null
check "apt upgrades it, keeping what was edited" \
  inside apt-get install -qy -o Dpkg::Options::=--force-confold /root/second.deb
same "it is the second" "$version.1" "$(inside dpkg-query -f '${Version}' -W vigia)"
check "the configuration is as it was edited" inside grep -q "^address = \"$METRICS\"" /etc/vigia/vigia.toml
check "the new one stands beside it" inside grep -q "second version" /etc/vigia/vigia.toml.dpkg-dist
refused "feeds that were taken out stay out" inside test -e /etc/vigia/feeds/ar.toml
eventually "it was started anew" restarted
same "and will be after a boot" enabled "$(property UnitFileState)"
same "no story came twice" "$(ids)" "$(ids | uniq)"
same "none is gone" "$before" "$(ids)"

step "stopped"
eventually "it answers" inside vigia status
check "it stops" timeout $PATIENCE nsenter --all --target "$init" systemctl stop vigia
same "of its own accord" "success inactive" "$(property Result) $(property ActiveState)"
check "the record is sound" inside vigia verify

step "removed, installed again, purged"
inside systemctl start vigia
pid=$(property MainPID)
check "it runs" inside test -d "/proc/$pid"
check "apt removes it" inside apt-get remove -qy vigia
refused "the program is gone" inside test -e /usr/bin/vigia
refused "the daemon is gone" inside test -d "/proc/$pid"
check "the configuration stays" inside test -s /etc/vigia/vigia.toml
same "the record stays" "$before" "$(ids)"
check "it is installed again" inside apt-get install -qy -o Dpkg::Options::=--force-confold /root/second.deb
same "as it was: enabled" enabled "$(property UnitFileState)"
check "it goes on" inside systemctl start vigia
eventually "where it was" inside vigia status
same "with the same record" "$before" "$(ids)"
check "apt purges it" inside apt-get purge -qy vigia
says "and says what stays" "stay in /var/lib/vigia"
same "of the configuration what others wrote stays" "/etc/vigia/credentials/gazeta /etc/vigia/feeds/mine.toml /etc/vigia/feeds/more.toml" \
  "$(inside find /etc/vigia -type f | sort | xargs)"
same "the record stays" "$before" "$(ids)"
same "nothing else does" "" \
  "$(inside find / -xdev -path /proc -prune -o -path /var/lib/vigia -prune -o -path /etc/vigia -prune -o -name '*vigia*' -print |
    grep -vE '^/(root|tmp|run|var/log|var/cache|usr/share/doc)|/vigia.service.d$|/override.conf$' | xargs)"
echo
echo "passed, in $SECONDS s"
